import { toAddressKey } from "../limits/client-address.ts";
import { createHealthHandlers } from "./create-health-handlers.ts";
import { createProbes } from "./create-probes.ts";
import { explainListenError } from "./explain-listen-error.ts";
import { formatUrl } from "./format-url.ts";
import { listen } from "./listen.ts";
import { createNodeHandler } from "./node-handler.ts";
import { createReadiness } from "./readiness.ts";
import type { ServeHealthOptions } from "./serve-options.ts";

/** The health port of a process. */
export interface HealthServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Reports from now on that the process is not ready, as it is stopping. */
  drain(): void;
  /** Closes the port and all its connections. */
  close(): Promise<void>;
}

const callTimeoutMs = 10_000;
const watchTimeoutMs = 3_600_000;
const limits = { maxConnections: 200, maxConnectionsPerAddress: 100 };

/**
 * Serves `/healthz` (alive), `/readyz`, `/metrics` and `grpc.health.v1`, without a token. `serve` does
 * this on its health port; a process that serves no calls, such as a worker, calls this instead. Rejects
 * when the port cannot be used.
 *
 * @example
 * const health = await serveHealth({
 *   host: "127.0.0.1",
 *   healthPort: 9080,
 *   checks: { queue: async () => {} }, // rejects with the reason while the queue cannot be used
 *   logger,
 * });
 * health.url; // "http://127.0.0.1:9080"
 */
export async function serveHealth(options: ServeHealthOptions): Promise<HealthServer> {
  const { host, healthPort, logger, metrics, services = [] } = options;
  const readiness = createReadiness({
    checks: options.checks ?? {},
    dependencies: options.dependencies,
    timeoutMs: options.checkTimeoutMs ?? 2000,
    logger,
  });
  using opening = new DisposableStack();
  opening.defer(() => readiness.stop());
  const handler = createNodeHandler({
    ...createHealthHandlers(readiness, services),
    probes: createProbes({ readiness, metrics, logger }),
    logger,
    unaryTimeouts: { defaultMs: callTimeoutMs, maxMs: callTimeoutMs },
    streamTimeouts: { defaultMs: watchTimeoutMs, maxMs: watchTimeoutMs },
    bodyTimeoutMs: 2000,
    maxBodyBytes: 1024 * 1024,
    readAddress: ({ socket }) => toAddressKey(socket.remoteAddress ?? ""),
  });
  const listener = await listen(handler, { host, port: healthPort, limits }).catch(
    (error: unknown) => {
      throw explainListenError(error, { host, port: healthPort, portName: "HEALTH_PORT" });
    },
  );
  opening.move();
  const url = formatUrl({ host, port: listener.port });
  logger.info({ healthUrl: url }, "serving health");

  async function close(): Promise<void> {
    readiness.stop();
    const closed = listener.close();
    listener.destroy();
    await closed;
  }
  return {
    url,
    port: listener.port,
    drain: () => readiness.stop(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
