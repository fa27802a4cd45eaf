import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { RequestGate } from "../auth/access-gate.ts";
import { parseProxies, readClientAddress } from "../limits/client-address.ts";
import { maxMessageBytes } from "../max-message-bytes.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { createServerHandlers } from "./create-server-handlers.ts";
import { explainListenError } from "./explain-listen-error.ts";
import { formatUrl } from "./format-url.ts";
import { listen } from "./listen.ts";
import { createNodeHandler } from "./node-handler.ts";
import { type HealthServer, serveHealth } from "./serve-health.ts";
import type { ServeOptions } from "./serve-options.ts";

/** A running server. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The address of health, readiness and metrics. */
  readonly healthUrl: string | undefined;
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
  /** The gate of methods that require no token. Default: none. */
  readonly anonymousGate?: RequestGate;
}

/** Starts a server. Rejects when the routes are invalid or the port cannot be used, and leaves nothing open. */
export async function startServer(options: StartOptions): Promise<Server> {
  const { host, logger, maxTimeoutMs = 60_000, maxStreamMs = 3_600_000 } = options;
  const proxies = parseProxies(options.trustedProxies ?? []);
  const stopStreams = new AbortController();
  const stopAll = new AbortController();
  const { services, ...handlers } = createServerHandlers({
    routes: options.routes,
    gate: options.gate,
    anonymousGate: options.anonymousGate ?? (async () => {}),
    interceptors: options.interceptors ?? [],
    readMaxBytes: options.readMaxBytes ?? maxMessageBytes,
    reflection: options.reflection ?? false,
    invisibleText: options.invisibleText ?? "refuse",
    unary: { maxTimeoutMs, shutdownSignal: stopAll.signal },
    streaming: { maxTimeoutMs: maxStreamMs, shutdownSignal: stopStreams.signal },
  });
  const handler = createNodeHandler({
    ...handlers,
    logger,
    unaryTimeouts: { defaultMs: options.defaultTimeoutMs ?? 15_000, maxMs: maxTimeoutMs },
    streamTimeouts: { defaultMs: maxStreamMs, maxMs: maxStreamMs },
    bodyTimeoutMs: options.bodyTimeoutMs ?? 15_000,
    maxBodyBytes: options.maxBodyBytes ?? 64 * 1024 * 1024,
    readAddress: ({ socket, headers }) =>
      readClientAddress(socket.remoteAddress, { headers, proxies }),
  });
  const listener = await listen(handler, {
    ...options,
    limits: options.connectionLimits,
    isTrusted: (address) => proxies.has(address),
  }).catch((error: unknown) => {
    throw explainListenError(error, options);
  });
  await using opening = new AsyncDisposableStack();
  opening.defer(async () => {
    const closed = listener.close();
    listener.destroy();
    await closed;
  });
  const url = formatUrl({ host, port: listener.port, tls: options.tls !== undefined });
  logger.info({ url }, "serving");
  // Opened last, so that a process that is ready serves calls.
  const health = await openHealth(options, services);
  opening.move();

  let closed: Promise<void> | undefined;
  const close = async ({ timeoutMs = 10_000 } = {}) => {
    const stopping = new ConnectError("the server is stopping: call again later", Code.Unavailable);
    health?.drain();
    stopStreams.abort(stopping);
    const finished = listener.close();
    if (!(await withTimeout(finished, timeoutMs * 0.8))) {
      stopAll.abort(stopping);
      if (!(await withTimeout(finished, timeoutMs * 0.2))) {
        logger.warn("closed connections with calls that did not end within the timeout");
        listener.destroy();
      }
    }
    await health?.close();
  };
  return {
    url,
    port: listener.port,
    healthUrl: health?.url,
    close: (closeOptions) => (closed ??= close(closeOptions)),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

async function openHealth(
  { healthPort, ...options }: StartOptions,
  services: readonly DescService[],
): Promise<HealthServer | undefined> {
  if (healthPort === undefined) return undefined;
  const names = services.map(({ typeName }) => typeName);
  return await serveHealth({ ...options, healthPort, services: names });
}
