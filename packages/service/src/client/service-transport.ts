import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { maxMessageBytes } from "../max-message-bytes.ts";
import { createWrongAnswerInterceptor } from "./foreign-response.ts";
import { createTokenFile } from "./token-file.ts";

/** ServiceTransportOptions say which service is called, and how. */
export interface ServiceTransportOptions {
  /** Such as http://127.0.0.1:8082. */
  readonly baseUrl: string;
  /** A file with the bearer token; without it calls carry none. */
  readonly tokenFile?: string;
  /** How long a call may take that does not say so itself, in ms; 10 s by default. */
  readonly timeoutMs?: number;
  /** The largest answer message that is read, in bytes; 1 MiB by default. */
  readonly readMaxBytes?: number;
  readonly interceptors?: readonly Interceptor[];
}

/** ServiceTransport calls one service. */
export interface ServiceTransport extends Transport, Disposable {
  /** close ends the connection and the calls on it. */
  close(): void;
}

/**
 * createServiceTransport makes a transport over one HTTP/2 connection, which is opened by the first
 * call, opened again when it was lost, and found dead by pings within 10 s while a call is waiting.
 *
 * An answer over the limit is resource_exhausted, and one that cannot be read, or that is no
 * service's, is internal, unknown, unauthenticated or unimplemented: never a code with which a
 * service refuses. One exception cannot be told from a service's answer: a proxy's 403 in JSON is
 * permission_denied.
 */
export function createServiceTransport(options: ServiceTransportOptions): ServiceTransport {
  const { baseUrl, tokenFile, timeoutMs = 10_000, interceptors = [] } = options;
  const { readMaxBytes = maxMessageBytes } = options;
  const sessionManager = new Http2SessionManager(baseUrl, {
    pingIntervalMs: 5000,
    pingTimeoutMs: 5000,
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
      ...(tokenFile === undefined ? [] : [createTokenInterceptor(tokenFile)]),
      createWrongAnswerInterceptor(baseUrl),
    ],
  });
  const close = () => sessionManager.abort();
  return { ...transport, close, [Symbol.dispose]: close };
}

function createTokenInterceptor(tokenFile: string): Interceptor {
  const token = createTokenFile(tokenFile);
  return (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await token()}`);
    return await next(request);
  };
}
