import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { maxMessageBytes } from "../max-message-bytes.ts";
import type { TlsFiles } from "../tls/tls-files.ts";
import { openTlsFiles } from "../tls/tls-files.ts";
import { createClosedConnectionInterceptor } from "./closed-connections.ts";
import { createForeignResponseInterceptor } from "./foreign-response.ts";
import { createRefusedStreamInterceptor } from "./refused-streams.ts";
import { createRetryHintInterceptor } from "./retry-hints.ts";
import { createRotatingSessions } from "./rotating-sessions.ts";
import { createTokenReader } from "./token-reader.ts";
import type { TokenKey } from "./token-signer.ts";
import { createTokenSigner } from "./token-signer.ts";

/** The address of a service, and how its calls are made. */
export interface ServiceTransportOptions {
  /** The http(s) address of the service, such as `http://127.0.0.1:8082`. */
  readonly baseUrl: string;
  /** The key that signs a token of five minutes for the service. */
  readonly tokenKey?: TokenKey;
  /** The file with the bearer token, reread when it changes, instead of a key. Default: no token. */
  readonly tokenFile?: string;
  /**
   * The authority that an https service is checked against, and the certificate of this client. The files
   * are read again when they change, for the connections that follow. Default: the authorities of Node.js,
   * and no certificate.
   */
  readonly tls?: TlsFiles | undefined;
  /** The timeout of a call that sets none, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
  /** The largest response message, in bytes. Default: 1 MiB. */
  readonly readMaxBytes?: number;
  /** How many connections calls use in turn. Default: 4. */
  readonly connections?: number;
  /**
   * A connection takes no further calls after half to all of this time, in milliseconds, and a new one
   * replaces it, perhaps to another process. Default: 60,000.
   */
  readonly maxConnectionAgeMs?: number;
  /** Interceptors that run before the token is added. */
  readonly interceptors?: readonly Interceptor[];
}

/** A transport for the calls to one service. */
export interface ServiceTransport extends Transport, Disposable {
  /** Closes the connections and aborts their calls. */
  close(): void;
}

/**
 * Creates a transport over a few HTTP/2 connections, which calls use in turn and which are replaced
 * regularly, so that calls reach all processes behind an address. A call opens a connection that is
 * missing or lost. Pings detect a dead connection within 10 s while a call waits.
 *
 * A call that is refused with the hint when to call again (`google.rpc.RetryInfo`) is repeated then, within
 * its timeout.
 *
 * A response over the limit is `resource_exhausted`. A response that cannot be read, or that no
 * service sent, is `internal`, `unknown`, `unauthenticated` or `unimplemented`, and never a refusal
 * code. One exception cannot be detected: a proxy's 403 in JSON is `permission_denied`.
 *
 * @example
 * import { createClient } from "@connectrpc/connect";
 *
 * using transport = createServiceTransport({
 *   baseUrl: "http://127.0.0.1:8083",
 *   tokenFile: "./service.token",
 * });
 * const client = createClient(EchoService, transport);
 * await client.say({ text: "hello" });
 */
export function createServiceTransport(options: ServiceTransportOptions): ServiceTransport {
  const { baseUrl, timeoutMs = 10_000, interceptors = [] } = options;
  const { readMaxBytes = maxMessageBytes } = options;
  const readToken = chooseToken(options);
  const sessionManager = createRotatingSessions(baseUrl, {
    connections: options.connections ?? 4,
    maxAgeMs: options.maxConnectionAgeMs ?? 60_000,
    tls: options.tls && openTlsFiles(options.tls),
  });
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: "2",
    sessionManager,
    useBinaryFormat: true,
    defaultTimeoutMs: timeoutMs,
    readMaxBytes,
    interceptors: [
      ...interceptors,
      ...(readToken === undefined ? [] : [createTokenInterceptor(readToken)]),
      createRetryHintInterceptor(),
      createForeignResponseInterceptor(baseUrl),
      createClosedConnectionInterceptor(baseUrl),
      createRefusedStreamInterceptor(),
    ],
  });
  const close = () => sessionManager.close();
  return { ...transport, close, [Symbol.dispose]: close };
}

function chooseToken(options: ServiceTransportOptions): (() => Promise<string>) | undefined {
  if (options.tokenKey !== undefined) return createTokenSigner(options.tokenKey);
  return options.tokenFile === undefined ? undefined : createTokenReader(options.tokenFile);
}

function createTokenInterceptor(readToken: () => Promise<string>): Interceptor {
  return (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await readToken()}`);
    return await next(request);
  };
}
