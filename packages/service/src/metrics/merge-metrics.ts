import { Counter, Gauge, Registry } from "prom-client";
import type { Metric } from "./metric.ts";

/** The metrics of all collectors, by name. */
export type MergedMetrics = ReadonlyMap<string, Metric>;

/**
 * Returns the metrics together with those of another collector. Metrics with one name become one, with
 * the samples of both. Throws when that is impossible: when they differ in type, when both have a sample
 * with the same labels, and when a name, a label or a value is invalid.
 */
export function mergeMetrics(merged: MergedMetrics, added: readonly Metric[]): MergedMetrics {
  const result = new Map(merged);
  for (const metric of added) {
    register(metric, new Registry());
    const known = result.get(metric.name);
    if (known !== undefined && known.type !== metric.type) {
      throw new Error(
        `expected ${metric.name} to be a ${known.type}, as of another collector, got a ${metric.type}: ` +
          "give it another name",
      );
    }
    const samples = [...(known?.samples ?? []), ...metric.samples];
    const twice = findRepeated(samples.map(({ labels }) => formatLabels(labels)));
    if (twice !== undefined) {
      throw new Error(
        `expected one sample of ${metric.name}${twice}, got two: add a label that distinguishes them`,
      );
    }
    result.set(metric.name, { ...metric, samples });
  }
  return result;
}

/** Adds a metric with its samples to a registry. Throws when it is invalid. */
export function register({ name, help, type, samples }: Metric, registry: Registry): void {
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

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${pairs.toSorted().join(",")}}`;
}

function findRepeated(texts: readonly string[]): string | undefined {
  return texts.find((text, index) => texts.indexOf(text) !== index);
}
