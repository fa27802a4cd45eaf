import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { withTimeout } from "../process/with-timeout.ts";

/** A Prometheus metric and its current values. */
export interface Metric {
  /** Such as `fleet_outbox_waiting`. The name of a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** Returns the current metrics of one part of a process. */
export type Collector = () => Promise<readonly Metric[]>;

const collectTimeoutMs = 5_000;

/**
 * Creates a function that returns the metrics of all collectors and of Node.js in the text format of
 * Prometheus. A collector that fails or takes longer than 5 s is left out, and `metrics_collector_up`
 * is 0 for it.
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
 * await serve({ host: "127.0.0.1", port: 8080, metrics, logger });
 */
export function createMetrics(
  collectors: Readonly<Record<string, Collector>>,
): () => Promise<string> {
  const nodeMetrics = new Registry();
  collectDefaultMetrics({ register: nodeMetrics });
  return async () => {
    const registry = new Registry();
    const up = new Gauge({
      name: "metrics_collector_up",
      help: "Whether a collector returned its metrics.",
      labelNames: ["collector"],
      registers: [registry],
    });
    await Promise.all(
      Object.entries(collectors).map(async ([collector, collect]) => {
        const metrics = await collectInTime(collect);
        up.set({ collector }, metrics === undefined ? 0 : 1);
        for (const metric of metrics ?? []) register(metric, registry);
      }),
    );
    return `${await registry.metrics()}\n${await nodeMetrics.metrics()}`;
  };
}

async function collectInTime(collect: Collector): Promise<readonly Metric[] | undefined> {
  let collected: readonly Metric[] | undefined;
  const collecting = collect().then((metrics) => {
    collected = metrics;
    return metrics;
  });
  try {
    await withTimeout(collecting, collectTimeoutMs);
  } catch {
    return undefined;
  }
  return collected;
}

function register({ name, help, type, samples }: Metric, registry: Registry): void {
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
  const metric = { name, help, labelNames, registers: [registry] };
  if (type === "counter") {
    const counter = new Counter(metric);
    for (const { labels, value } of samples) counter.inc(labels, value);
  } else {
    const gauge = new Gauge(metric);
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
}
