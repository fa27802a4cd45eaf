import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Logger } from "../process/create-logger.ts";
import { formatReason } from "../process/format-reason.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { escapeText } from "../text/escape-text.ts";
import { type MergedMetrics, mergeMetrics, register } from "./merge-metrics.ts";
import type { Metric } from "./metric.ts";

/** Returns the current metrics of one part of a process. */
export type Collector = () => Promise<readonly Metric[]>;

/** How the failures of collectors are reported. */
export interface MetricsOptions {
  /** Logs why a collector is left out, once for each reason. Default: nothing is logged. */
  readonly logger?: Logger;
}

const collectTimeoutMs = 5_000;

/**
 * Creates a function that returns the metrics of all collectors and of Node.js in the text format of
 * Prometheus. Metrics of one name from several collectors become one. A collector is left out, and
 * `metrics_collector_up` is 0 for it, when it fails, when it takes longer than 5 s, and when its metrics
 * are invalid or contradict those of a collector before it.
 *
 * It uses prom-client because a scrape endpoint is all that is required. OpenTelemetry's exporter
 * brings an SDK, a port of its own and global providers, which have to match the versions that
 * Temporal pins.
 *
 * @example
 * const metrics = createMetrics({
 *   queue: async () => [
 *     { name: "queue_length", help: "Waiting jobs.", type: "gauge", samples: [{ labels: {}, value: 3 }] },
 *   ],
 * });
 * await serveHealth({ host: "127.0.0.1", healthPort: 9080, metrics, logger });
 */
export function createMetrics(
  collectors: Readonly<Record<string, Collector>>,
  { logger }: MetricsOptions = {},
): () => Promise<string> {
  const nodeMetrics = new Registry();
  collectDefaultMetrics({ register: nodeMetrics });
  const failures = new Map<string, string>();

  function report(collector: string, reason: string | undefined): void {
    if (reason === failures.get(collector)) return;
    if (reason === undefined) failures.delete(collector);
    else {
      failures.set(collector, reason);
      logger?.warn({ collector, reason }, "the metrics of a collector are left out");
    }
  }

  return async () => {
    const registry = new Registry();
    const up = new Gauge({
      name: "metrics_collector_up",
      help: "Whether a collector returned its metrics.",
      labelNames: ["collector"],
      registers: [registry],
    });
    const collected = await Promise.all(
      Object.entries(collectors).map(
        async ([collector, collect]) => [collector, await collectInTime(collect)] as const,
      ),
    );
    let merged: MergedMetrics = new Map();
    for (const [collector, result] of collected) {
      let reason = result.reason;
      try {
        for (const { name } of result.metrics) {
          const own = nodeMetrics.getSingleMetric(name) ?? registry.getSingleMetric(name);
          if (own !== undefined) throw new Error(`${name} is a metric of every process: rename it`);
        }
        merged = mergeMetrics(merged, result.metrics);
      } catch (error) {
        reason = formatReason(error);
      }
      report(collector, reason);
      up.set({ collector }, reason === undefined ? 1 : 0);
    }
    for (const metric of merged.values()) register(metric, registry);
    const text = `${await registry.metrics()}\n${await nodeMetrics.metrics()}`;
    return text.split("\n").map(escapeText).join("\n");
  };
}

interface Collected {
  readonly metrics: readonly Metric[];
  /** Why there are none. */
  readonly reason?: string;
}

async function collectInTime(collect: Collector): Promise<Collected> {
  let metrics: readonly Metric[] | undefined;
  const collecting = async () => {
    metrics = await collect();
  };
  try {
    await withTimeout(collecting(), collectTimeoutMs);
  } catch (error) {
    return { metrics: [], reason: formatReason(error) };
  }
  return metrics === undefined
    ? { metrics: [], reason: `no metrics within ${collectTimeoutMs} ms` }
    : { metrics };
}
