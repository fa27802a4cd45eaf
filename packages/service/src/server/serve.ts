import type { ConnectRouterOptions, Interceptor } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import type { Access, RequestGate } from "../auth/access.ts";
import { createAccessGate } from "../auth/access.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { maxMessageBytes } from "../max-message-bytes.ts";
import type { Logger } from "../process/create-logger.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { callErrorKey, createCallInterceptor } from "./call-interceptor.ts";
import { createHealth } from "./health-service.ts";
import type { Listener } from "./listen.ts";
import { listen } from "./listen.ts";
import { createNodeHandler } from "./node-handler.ts";
import type { ReadinessCheck } from "./readiness.ts";
import { createReadiness } from "./readiness.ts";
import type { Routes } from "./routes.ts";
import { createHandlers } from "./routes.ts";
import { toConnectError } from "./to-connect-error.ts";

/** ServeOptions say what a server answers, to whom, and its limits. */
export interface ServeOptions {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  /** The variable that sets the port, for the error when it is in use; PORT by default. */
  readonly portName?: string;
  /** Without routes there is health alone. */
  readonly routes?: Routes;
  /** Authenticates and authorises callers; required when there are routes. */
  readonly access?: Access;
  /** What has to work before the process is ready, beside reading the keys of tokens. */
  readonly checks?: Readonly<Record<string, ReadinessCheck>>;
  /** Run after access and validation. */
  readonly interceptors?: readonly Interceptor[];
  /** What /metrics answers, such as `createMetrics(...)`; without it there is no /metrics. */
  readonly metrics?: () => Promise<string>;
  readonly logger: Logger;
  /** The largest request message, in bytes; 1 MiB by default. */
  readonly readMaxBytes?: number;
  /** The deadline of a unary call that names none, in ms; 15 s by default. */
  readonly defaultTimeoutMs?: number;
  /** The longest deadline that a unary call may name, in ms; 60 s by default. */
  readonly maxTimeoutMs?: number;
  /** The longest deadline of a stream, and that of one that names none, in ms; 1 h by default. */
  readonly maxStreamMs?: number;
  /** How long a readiness check may take, in ms; 2 s by default. */
  readonly checkTimeoutMs?: number;
}

/** Server serves until it is closed. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /**
   * close takes no more calls, ends streams with unavailable, and lets unary calls finish. It
   * returns by timeoutMs (10 s), having ended what was not finished.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/**
 * serve answers Connect, gRPC and gRPC-Web, grpc.health.v1, /healthz, /readyz and /metrics on one
 * port, over HTTP/1.1 and HTTP/2 without TLS. It rejects when the port cannot be used.
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
      requestGate: recordingError(createAccessGate(access)),
    },
    unary,
    streaming,
  });
  const services = new Set(handlers.map(({ service }) => service.typeName));
  const health = createHealth(readiness, (name) => services.has(name));
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
  const listener = await listenOrExplain(options, () => listen(handler, options));
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
  logger.info({ url }, "serving");

  let closed: Promise<void> | undefined;
  const close = async ({ timeoutMs = 10_000 } = {}) => {
    const stopping = new ConnectError("the server is stopping: call again", Code.Unavailable);
    readiness.stop();
    stopStreams.abort(stopping);
    const finished = listener.close();
    if (await withTimeout(finished, timeoutMs * 0.8)) return;
    stopAll.abort(stopping);
    if (await withTimeout(finished, timeoutMs * 0.2)) return;
    logger.warn("calls were cut off, as they did not end by the deadline");
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
    verify: () => Promise.reject(new Error("there are no routes")),
    assertReady: async () => {},
    allowedRoles: () => [],
  };
}

function recordingError(gate: RequestGate): RequestGate {
  return async (context) => {
    try {
      await gate(context);
    } catch (error) {
      const failed = toConnectError(error);
      context.values.set(callErrorKey, failed);
      throw failed;
    }
  };
}

async function listenOrExplain(
  { host, port, portName = "PORT" }: ServeOptions,
  start: () => Promise<Listener>,
): Promise<Listener> {
  try {
    return await start();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const reason =
      code === "EADDRINUSE"
        ? `port ${port} on ${host} is in use: choose another with ${portName}=<port>, or end what listens there`
        : code === "EACCES"
          ? `port ${port} on ${host} needs more rights: choose one above 1023 with ${portName}=<port>`
          : `cannot listen on ${host}, port ${port}: choose others with HOST and ${portName}`;
    throw new Error(reason, { cause: error });
  }
}
