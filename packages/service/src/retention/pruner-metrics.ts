import type { Collector } from "../metrics/create-metrics.ts";
import type { Metric } from "../metrics/metric.ts";

/** What a process has removed from a table. */
export interface TableCounts {
  removed: number;
  failures: number;
  /** The age of the oldest row that is not in use, after the last run. Undefined before the first one. */
  oldestMs: number | undefined;
}

/** Creates the counts of a table that is not pruned yet. */
export function createCounts(): TableCounts {
  return { removed: 0, failures: 0, oldestMs: undefined };
}

/** Creates a function that returns the metrics of a pruner. */
export function createPrunerMetrics(counts: ReadonlyMap<string, TableCounts>): Collector {
  return async () => [
    create(counts, {
      name: "fanfare_retention_removed_total",
      help: "Rows that this process removed, as they were older than their retention.",
      type: "counter",
      read: ({ removed }) => removed,
    }),
    create(counts, {
      name: "fanfare_retention_failures_total",
      help: "Runs in which the rows of the table could not be removed.",
      type: "counter",
      read: ({ failures }) => failures,
    }),
    create(counts, {
      name: "fanfare_retention_oldest_seconds",
      help: "Age of the oldest row that is not in use, after the last run of this process.",
      type: "gauge",
      read: ({ oldestMs }) => oldestMs && oldestMs / 1000,
    }),
  ];
}

function create(
  counts: ReadonlyMap<string, TableCounts>,
  {
    read,
    ...metric
  }: Omit<Metric, "samples"> & { readonly read: (counts: TableCounts) => number | undefined },
): Metric {
  const samples = [...counts].flatMap(([table, count]) => {
    const value = read(count);
    return value === undefined ? [] : [{ labels: { table }, value }];
  });
  return { ...metric, samples };
}
