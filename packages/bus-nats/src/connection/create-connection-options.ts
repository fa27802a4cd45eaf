import { readFileSync } from "node:fs";
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/nats-core";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import type { NatsBrokerOptions } from "../nats-options.ts";
import { parseServers, type UrlCredentials } from "./parse-servers.ts";

/**
 * Creates the options of nats.js: reconnect without end and with jitter, also after a refused login,
 * and detect a dead connection within half a minute.
 */
export function createConnectionOptions(options: NatsBrokerOptions): NodeConnectionOptions {
  const { addresses, credentials } = parseServers(options.servers);
  const authenticator = createAuthenticators(options);
  if (authenticator.length === 0) authenticator.push(...createUrlAuthenticators(credentials));
  return {
    servers: [...addresses],
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

/** Files are read at every connect, so that credentials can be rotated. */
function createAuthenticators(options: NatsBrokerOptions): Authenticator[] {
  const { credentialsFile, nkeyFile, token, user, password } = options;
  const authenticators: Authenticator[] = [];
  if (credentialsFile !== undefined) {
    authenticators.push(credsAuthenticator(rereadFile(credentialsFile)));
  }
  if (nkeyFile !== undefined) {
    const read = rereadFile(nkeyFile);
    authenticators.push(nkeyAuthenticator(() => trim(read())));
  }
  if (token !== undefined) authenticators.push(tokenAuthenticator(token));
  if (user !== undefined) authenticators.push(usernamePasswordAuthenticator(user, password));
  return authenticators;
}

/** The credentials of the addresses apply where no option names others. */
function createUrlAuthenticators(credentials: UrlCredentials | undefined): Authenticator[] {
  if (credentials === undefined) return [];
  if ("token" in credentials) return [tokenAuthenticator(credentials.token)];
  return [usernamePasswordAuthenticator(credentials.user, credentials.password)];
}

/**
 * Returns a function that reads the file again, and returns what it read last while the file is missing:
 * an error of an authenticator would end the connection for good.
 */
function rereadFile(path: string): () => Uint8Array {
  let last: Uint8Array | undefined;
  return () => {
    try {
      last = readFileSync(path);
    } catch (error) {
      if (last === undefined) throw error;
    }
    return last;
  };
}

function trim(text: Uint8Array): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(text).trim());
}
