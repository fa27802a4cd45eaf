import { Code, ConnectError } from "@connectrpc/connect";
import type { RequestGate } from "../auth/access-gate.ts";
import { maxMessageBytes } from "../max-message-bytes.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { createServerHandlers } from "./create-server-handlers.ts";
import { explainListenError } from "./explain-listen-error.ts";
import { listen } from "./listen.ts";
import { createNodeHandler } from "./node-handler.ts";
import { createReadiness } from "./readiness.ts";
import type { ServeOptions } from "./serve-options.ts";

/** A running server. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /**
   * Accepts no more calls, closes connections without a request in flight, ends streams with
   * `unavailable`, and lets unary calls finish. Ends those that have not finished after `timeoutMs`
   * (default: 10,000).
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** The options of a server with any gate before its routes. */
export interface StartOptions extends Omit<ServeOptions, "access"> {
  readonly gate: RequestGate;
}

/** Starts a server. Rejects when the routes are invalid or the port cannot be used, and leaves nothing open. */
export async function startServer(options: StartOptions): Promise<Server> {
  const { host, logger, maxTimeoutMs = 60_000, maxStreamMs = 3_600_000 } = options;
  const stopStreams = new AbortController();
  const stopAll = new AbortController();
  const readiness = createReadiness({
    checks: options.checks ?? {},
    dependencies: options.dependencies,
    timeoutMs: options.checkTimeoutMs ?? 2000,
    logger,
  });
  using opening = new DisposableStack();
  opening.defer(() => readiness.stop());
  const { handlers, unknownMethod } = createServerHandlers({
    routes: options.routes ?? (() => {}),
    gate: options.gate,
    interceptors: options.interceptors ?? [],
    readiness,
    readMaxBytes: options.readMaxBytes ?? maxMessageBytes,
    reflection: options.reflection ?? false,
    unary: { maxTimeoutMs, shutdownSignal: stopAll.signal },
    streaming: { maxTimeoutMs: maxStreamMs, shutdownSignal: stopStreams.signal },
  });
  const handler = createNodeHandler({
    handlers,
    unknownMethod,
    readiness,
    logger,
    unaryTimeouts: { defaultMs: options.defaultTimeoutMs ?? 15_000, maxMs: maxTimeoutMs },
    streamTimeouts: { defaultMs: maxStreamMs, maxMs: maxStreamMs },
    metrics: options.metrics,
  });
  const listener = await listen(handler, options).catch((error: unknown) => {
    throw explainListenError(error, options);
  });
  opening.move();
  const scheme = options.tls === undefined ? "http" : "https";
  const url = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
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
