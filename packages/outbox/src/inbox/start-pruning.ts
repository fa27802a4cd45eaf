import { createContextRunner, notify, pause, settlesWithin } from "@fanfare/bus/kit";
import type { Kysely } from "kysely";
import { checkDelays } from "../check-options.ts";
import { checkPruneOptions, type PruneOptions, removeRecords } from "./prune-inbox.ts";

/** Options of `startPruning`. */
export interface PruningOptions extends PruneOptions {
  /** The time between two runs, in milliseconds. Default: an hour; at most 2,147,483,647 (24 days). */
  readonly intervalMs?: number;
  /** Called when a run fails. The next run retries. */
  readonly onError?: (error: unknown) => void;
}

/** The counts of pruning since its start, and the last error since the last run that succeeded. */
export interface PruningHealth {
  /** The records that were removed by runs that succeeded. */
  readonly removed: number;
  /** The runs that failed. */
  readonly failures: number;
  readonly lastError?: unknown;
}

/** The pruning of an inbox, which runs until it is stopped. */
export interface Pruning extends AsyncDisposable {
  /** Returns the local state synchronously. Never contacts the database. */
  health(): PruningHealth;
  /** Stops after the running batch, and returns within `timeoutMs` (default: 10,000) in any case. */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/**
 * Prunes the inbox at an interval until it is stopped. Throws as `pruneInbox` does, and
 * `invalid_argument` for an invalid `intervalMs`.
 *
 * @example
 * const day = 24 * 60 * 60 * 1000;
 * await using pruning = startPruning(db, { retentionMs: 31 * day, maxRedeliveryMs: 30 * day });
 * console.log(pruning.health().removed);
 */
export function startPruning<DB>(db: Kysely<DB>, options: PruningOptions): Pruning {
  const { intervalMs = 3_600_000, onError } = options;
  checkPruneOptions(options);
  checkDelays({ intervalMs });
  const runClean = createContextRunner();
  const stopping = new AbortController();
  const { signal } = stopping;
  let health: PruningHealth = { removed: 0, failures: 0 };

  async function run(): Promise<void> {
    for (;;) {
      await pause(intervalMs, signal);
      if (signal.aborted) return;
      await pruneOnce();
    }
  }

  async function pruneOnce(): Promise<void> {
    const { removed, failures } = health;
    try {
      const more = await removeRecords(db, options, signal);
      health = { removed: removed + more, failures };
    } catch (reason) {
      health = { removed, failures: failures + 1, lastError: reason };
      notifyError(reason);
    }
  }

  /** An error of the listener has no other listener. The next run retries. */
  function notifyError(reason: unknown): void {
    runClean(() => notify(onError, [reason], () => {}));
  }

  const running = run();
  async function stop({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    stopping.abort();
    await settlesWithin(running, timeoutMs);
  }

  return {
    health: () => health,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
