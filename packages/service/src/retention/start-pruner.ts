import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Collector } from "../metrics/create-metrics.ts";
import type { Logger } from "../process/create-logger.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { type PrunedTable, pruneTable, readOldestMs } from "./pruned-table.ts";
import { createCounts, createPrunerMetrics } from "./pruner-metrics.ts";

/** Options of `startPruner`. */
export interface PrunerOptions {
  readonly tables: readonly PrunedTable[];
  /** Logs why rows cannot be removed. */
  readonly logger: Logger;
  /**
   * The mean time between two runs, in milliseconds. Each pause is longer or shorter by up to a quarter. The
   * first run, and the one after a failure, follow within a minute. Default: an hour.
   */
  readonly intervalMs?: number;
  /** The number of rows that one statement removes. Default: 1,000. */
  readonly batchSize?: number;
}

/** Removes old rows until it is closed. */
export interface Pruner {
  /** Returns the metrics of this process. Never contacts the database. */
  readonly metrics: Collector;
  /** Stops after the running statement, and returns within `timeoutMs` (default: 10,000) in any case. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

const firstRunMs = 60_000;
const maxIntervalMs = 24 * 3_600_000;

/**
 * Starts to remove the rows of tables that are older than their retention. Several processes may prune one
 * table: one of them removes rows at a time, and the others do not wait for it. A table that cannot be pruned
 * keeps no other from it. Throws a RangeError when an option or a retention is out of its bounds.
 *
 * @example
 * const pruner = startPruner(db, {
 *   tables: [{ table: "notes", key: ["id"], since: "written_at", retentionDays: 30 }],
 *   logger,
 * });
 * const metrics = createMetrics({ retention: pruner.metrics });
 */
export function startPruner<DB>(db: Kysely<DB>, options: PrunerOptions): Pruner {
  const { logger, intervalMs = 3_600_000, batchSize = 1_000 } = options;
  checkOptions(options.tables, { intervalMs, batchSize });
  const tables = options.tables
    .filter(({ retentionDays }) => retentionDays !== "never")
    .map((table) => ({ table, counts: createCounts() }));
  const stop = new AbortController();
  const { signal } = stop;

  /** Returns whether the table was pruned. */
  async function prune({ table, counts }: (typeof tables)[number]): Promise<boolean> {
    try {
      counts.removed += await pruneTable(db, table, { batchSize, signal });
      counts.oldestMs = await readOldestMs(db, table);
      return true;
    } catch (error) {
      counts.failures += 1;
      logger.warn({ err: error, table: table.table }, "old rows cannot be removed, will retry");
      return false;
    }
  }

  async function run(): Promise<void> {
    let pauseMs = Math.min(firstRunMs, intervalMs) * Math.random();
    for (;;) {
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
      let failed = false;
      for (const table of tables) {
        if (signal.aborted) return;
        failed = !(await prune(table)) || failed;
      }
      if (signal.aborted) return;
      pauseMs =
        (failed ? Math.min(firstRunMs, intervalMs) : intervalMs) * (0.75 + Math.random() / 2);
    }
  }

  const running = run();
  return {
    metrics: createPrunerMetrics(new Map(tables.map(({ table, counts }) => [table.table, counts]))),
    async close({ timeoutMs = 10_000 } = {}) {
      stop.abort();
      await withTimeout(running, timeoutMs);
    },
  };
}

function checkOptions(
  tables: readonly PrunedTable[],
  { intervalMs, batchSize }: { readonly intervalMs: number; readonly batchSize: number },
): void {
  if (!(intervalMs > 0 && intervalMs <= maxIntervalMs)) {
    throw new RangeError(
      `intervalMs must be above 0 and at most ${maxIntervalMs}, not ${intervalMs}`,
    );
  }
  if (!(Number.isInteger(batchSize) && batchSize > 0)) {
    throw new RangeError(`batchSize must be a whole number above 0, not ${batchSize}`);
  }
  for (const { table, retentionDays: days } of tables) {
    if (days === "never" || (days > 0 && Number.isFinite(days))) continue;
    throw new RangeError(`the retention of ${table} must be above 0 days or never, not ${days}`);
  }
}
