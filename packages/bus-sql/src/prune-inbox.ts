import { setTimeout as sleep } from "node:timers/promises";
import { BusError } from "@fanfare/bus";
import { type Kysely, sql } from "kysely";
import { needing } from "./missing-table.ts";

export interface PruneOptions {
  /** How long records are kept, in milliseconds, by the database's clock. */
  readonly keepMs: number;
  /**
   * For how long the broker may deliver an event again, in milliseconds: how long it keeps events.
   * A record that is gone by then would let the event have its effects twice.
   */
  readonly longestRedeliveryMs: number;
  /** How many records one statement removes. Default: 1,000. */
  readonly batch?: number;
}

/**
 * pruneInbox removes the records that are older than `keepMs`, a batch at a time, and returns how
 * many those were. Throws `invalid_argument` when `keepMs` does not exceed `longestRedeliveryMs`,
 * `not_provisioned` without the table of `inboxMigration`.
 */
export async function pruneInbox<DB>(db: Kysely<DB>, options: PruneOptions): Promise<number> {
  const { keepMs, batch = 1_000 } = options;
  check(options);
  for (let removed = 0; ; ) {
    const removing = sql`
      delete from inbox where (group_name, topic, event_id) in (
        select group_name, topic, event_id from inbox
        where handled_at < now() - make_interval(secs => ${keepMs / 1000})
        order by handled_at limit ${batch}
        for update skip locked
      )`.execute(db);
    const { numAffectedRows = 0n } = await needing("inbox", removing);
    removed += Number(numAffectedRows);
    if (Number(numAffectedRows) < batch) return removed;
  }
}

export interface PruningOptions extends PruneOptions {
  /** Default: once an hour, in milliseconds. */
  readonly everyMs?: number;
  /** Hears of what failed and is tried again the next time. */
  readonly onError?: (error: unknown) => void;
}

/** startPruning prunes the inbox every so often until it is stopped. Throws as pruneInbox does. */
export function startPruning<DB>(db: Kysely<DB>, options: PruningOptions): AsyncDisposable {
  const { everyMs = 3_600_000, onError } = options;
  check(options);
  const stopping = new AbortController();
  const { signal } = stopping;

  async function keepPruning(): Promise<void> {
    for (;;) {
      await sleep(everyMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await pruneInbox(db, options).catch((reason: unknown) => onError?.(reason));
    }
  }

  const running = keepPruning();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}

function check({ keepMs, longestRedeliveryMs, batch = 1_000 }: PruneOptions): void {
  if (!(longestRedeliveryMs > 0 && keepMs > longestRedeliveryMs && Number.isFinite(keepMs))) {
    throw new BusError(
      "invalid_argument",
      `keepMs (${keepMs}) must exceed longestRedeliveryMs (${longestRedeliveryMs}), or what comes again late would have its effects twice`,
    );
  }
  if (!(Number.isInteger(batch) && batch > 0)) {
    throw new BusError("invalid_argument", `batch must be a whole number above 0, not ${batch}`);
  }
}
