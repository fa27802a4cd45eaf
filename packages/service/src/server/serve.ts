import type { ConnectRouterOptions, Interceptor } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import type { Access, RequestGate } from "../auth/access-gate.ts";
import { createAccessGate } from "../auth/access-gate.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { maxMessageBytes } from "../max-message-bytes.ts";
import type { Logger } from "../process/create-logger.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { callErrorKey, createCallInterceptor } from "./call-interceptor.ts";
import { createHealthService } from "./health-service.ts";
import type { Listener } from "./listen.ts";
import { listen } from "./listen.ts";
import { createNodeHandler } from "./node-handler.ts";
import type { ReadinessCheck } from "./readiness.ts";
import { createReadiness } from "./readiness.ts";
import type { Routes } from "./routes.ts";
import { createHandlers } from "./routes.ts";
import { toConnectError } from "./to-connect-error.ts";

/** The routes, access and limits of a server. */
export interface ServeOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** The variable that sets the port, named in the error when the port is in use. Default: PORT. */
  readonly portName?: string;
  /** Default: the health endpoints alone. */
  readonly routes?: Routes;
  /** Authenticates and authorises callers. Required with routes. */
  readonly access?: Access;
  /** The readiness checks, besides that of the token keys. */
  readonly checks?: Readonly<Record<string, ReadinessCheck>>;
  /** Interceptors that run after authorisation and validation. */
  readonly interceptors?: readonly Interceptor[];
  /** Returns the text of /metrics, such as `createMetrics(...)`. Default: no /metrics. */
  readonly metrics?: () => Promise<string>;
  readonly logger: Logger;
  /** The largest request message, in bytes. Default: 1 MiB. */
  readonly readMaxBytes?: number;
  /** The timeout of a unary call that sets none, in milliseconds. Default: 15,000. */
  readonly defaultTimeoutMs?: number;
  /** The longest timeout that a unary call may set, in milliseconds. Default: 60,000. */
  readonly maxTimeoutMs?: number;
  /** The longest and the default timeout of a stream, in milliseconds. Default: an hour. */
  readonly maxStreamMs?: number;
  /** The timeout of a readiness check, in milliseconds. Default: 2,000. */
  readonly checkTimeoutMs?: number;
}

/** A running server. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /**
   * Accepts no more calls, ends streams with `unavailable`, and lets unary calls finish. Ends those
   * that have not finished after `timeoutMs` (default: 10,000).
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/**
 * Serves Connect, gRPC and gRPC-Web, `grpc.health.v1`, /healthz, /readyz and /metrics on one port,
 * over HTTP/1.1 and HTTP/2 without TLS. Rejects when the port cannot be used.
 *
 * @example
 * const server = await serve({
 *   host: "127.0.0.1",
 *   port: 8080,
 *   routes: (router) => router.service(EchoService, { say: ({ text }) => ({ text }) }),
 *   access: { ...verifier, allowedRoles: () => ["rider"] },
 *   logger,
 * });
 * server.url; // "http://127.0.0.1:8080"
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const { host, logger, maxTimeoutMs = 60_000, maxStreamMs = 3_600_000 } = options;
  const stopStreams = new AbortController();
  const stopAll = new AbortController();
  const access = requireAccess(options);
  const checks = { tokens: () => access.assertReady(), ...options.checks };
  const readiness = createReadiness(checks, options.checkTimeoutMs ?? 2000);
  const all: ConnectRouterOptions = {
    readMaxBytes: options.readMaxBytes ?? maxMessageBytes,
    acceptCompression: [compressionGzip, compressionBrotli],
  };
  const unary = { maxTimeoutMs, shutdownSignal: stopAll.signal };
  const streaming = { maxTimeoutMs: maxStreamMs, shutdownSignal: stopStreams.signal };
  const interceptors = [createCallInterceptor()];

  const handlers = createHandlers(options.routes ?? (() => {}), {
    all: {
      ...all,
      interceptors: [...interceptors, createValidateInterceptor(), ...(options.interceptors ?? [])],
      requestGate: recordErrors(createAccessGate(access)),
    },
    unary,
    streaming,
  });
  const services = new Set(handlers.map(({ service }) => service.typeName));
  const health = createHealthService(readiness, (name) => services.has(name));
  handlers.push(
    ...createHandlers((router) => router.service(Health, health), {
      all: { ...all, interceptors },
      unary,
      streaming,
    }),
  );

  const handler = createNodeHandler({
    handlers,
    readiness,
    logger,
    defaultTimeoutMs: Math.min(options.defaultTimeoutMs ?? 15_000, maxTimeoutMs),
    defaultStreamMs: maxStreamMs,
    metrics: options.metrics,
  });
  const listener = await explainListenErrors(options, () => listen(handler, options));
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
  logger.info({ url }, "serving");

  let closed: Promise<void> | undefined;
  const close = async ({ timeoutMs = 10_000 } = {}) => {
    const stopping = new ConnectError("the server is stopping: call again later", Code.Unavailable);
    readiness.stop();
    stopStreams.abort(stopping);
    const finished = listener.close();
    if (await withTimeout(finished, timeoutMs * 0.8)) return;
    stopAll.abort(stopping);
    if (await withTimeout(finished, timeoutMs * 0.2)) return;
    logger.warn("closed connections with calls that did not end within the timeout");
    listener.destroy();
  };
  return {
    url,
    port: listener.port,
    close: (closeOptions) => (closed ??= close(closeOptions)),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

function requireAccess({ routes, access }: ServeOptions): Access {
  if (access !== undefined) return access;
  if (routes !== undefined)
    throw new Error("routes require access: pass a token verifier and allowedRoles");
  return {
    verify: () => Promise.reject(new Error("the server has no routes")),
    assertReady: async () => {},
    allowedRoles: () => [],
  };
}

function recordErrors(gate: RequestGate): RequestGate {
  return async (context) => {
    try {
      await gate(context);
    } catch (error) {
      const converted = toConnectError(error);
      context.values.set(callErrorKey, converted);
      throw converted;
    }
  };
}

async function explainListenErrors(
  { host, port, portName = "PORT" }: ServeOptions,
  start: () => Promise<Listener>,
): Promise<Listener> {
  try {
    return await start();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const reason =
      code === "EADDRINUSE"
        ? `port ${port} on ${host} is in use: choose another with ${portName}=<port>, or stop its process`
        : code === "EACCES"
          ? `port ${port} on ${host} requires privileges: choose one above 1023 with ${portName}=<port>`
          : `cannot listen on ${host}, port ${port}: choose another address with HOST and ${portName}`;
    throw new Error(reason, { cause: error });
  }
}
