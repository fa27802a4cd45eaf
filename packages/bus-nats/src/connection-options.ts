import { readFileSync } from "node:fs";
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/nats-core";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import type { NatsOptions } from "./settings.ts";

/**
 * connectionOptions is what nats.js is told: reconnect for ever, with jitter, whatever the server
 * says, and notice a dead connection within half a minute.
 */
export function connectionOptions(options: NatsOptions): NodeConnectionOptions {
  const authenticator = authenticators(options);
  return {
    servers: typeof options.servers === "string" ? options.servers : [...options.servers],
    name: options.name ?? "fanfare",
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...(authenticator.length === 0 ? {} : { authenticator }),
    timeout: 5_000,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => 250 + Math.random() * 500,
    pingInterval: 10_000,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
}

function authenticators(options: NatsOptions): Authenticator[] {
  const { credentialsFile, nkeyFile, token, user, password } = options;
  const found: Authenticator[] = [];
  if (credentialsFile !== undefined) {
    found.push(credsAuthenticator(() => readFileSync(credentialsFile)));
  }
  if (nkeyFile !== undefined) {
    found.push(nkeyAuthenticator(() => trimmed(readFileSync(nkeyFile))));
  }
  if (token !== undefined) found.push(tokenAuthenticator(token));
  if (user !== undefined) found.push(usernamePasswordAuthenticator(user, password));
  return found;
}

function trimmed(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(bytes).trim());
}
