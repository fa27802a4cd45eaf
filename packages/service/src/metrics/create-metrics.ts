import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { withTimeout } from "../process/with-timeout.ts";

/** Metric is one metric as Prometheus knows it, with what it is now. */
export interface Metric {
  /** Such as fleet_outbox_waiting; a counter's ends in _total. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** Collector says what some part of the process has to tell, when it is asked. */
export type Collector = () => Promise<readonly Metric[]>;

/** How long a collector may take, in milliseconds. */
const collectMs = 5_000;

/**
 * createMetrics writes what the collectors say, and what Node knows of the process, as Prometheus
 * reads it. A collector that fails, or takes longer than 5 s, is left out, and
 * `metrics_collector_up` is 0 for it.
 *
 * It stands on prom-client, as a scrape is all that is wanted here: that needs no SDK, no port of its
 * own and no global provider, all of which OpenTelemetry's exporter brings, and which would have to
 * agree with the versions that Temporal pins.
 */
export function createMetrics(
  collectors: Readonly<Record<string, Collector>>,
): () => Promise<string> {
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return async () => {
    const now = new Registry();
    const up = new Gauge({
      name: "metrics_collector_up",
      help: "Whether a part of the process said how it is.",
      labelNames: ["collector"],
      registers: [now],
    });
    await Promise.all(
      Object.entries(collectors).map(async ([collector, collect]) => {
        const metrics = await collected(collect);
        up.set({ collector }, metrics === undefined ? 0 : 1);
        for (const metric of metrics ?? []) write(metric, now);
      }),
    );
    return `${await now.metrics()}\n${await ofProcess.metrics()}`;
  };
}

async function collected(collect: Collector): Promise<readonly Metric[] | undefined> {
  let metrics: readonly Metric[] | undefined;
  const collecting = collect().then((said) => {
    metrics = said;
    return said;
  });
  try {
    await withTimeout(collecting, collectMs);
  } catch {
    return undefined;
  }
  return metrics;
}

function write({ name, help, type, samples }: Metric, register: Registry): void {
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
  const metric = { name, help, labelNames, registers: [register] };
  if (type === "counter") {
    const counter = new Counter(metric);
    for (const { labels, value } of samples) counter.inc(labels, value);
  } else {
    const gauge = new Gauge(metric);
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
}
