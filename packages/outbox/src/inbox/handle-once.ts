import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Delivery, DependencyUnavailableError } from "@fanfare/bus";
import { isDatabaseUnavailable, readErrorCode } from "@fanfare/database-errors";
import type { Kysely, Transaction } from "kysely";
import { cancelOnAbort, type RunningTransaction } from "./cancel-on-abort.ts";
import { guardTransaction } from "./guard-transaction.ts";
import type { InboxCounters } from "./inbox-counters.ts";
import { recordDeliveries } from "./record-deliveries.ts";

/** The deliveries to handle in one transaction. */
export interface HandleOnceOptions {
  readonly deliveries: readonly Delivery[];
  /** Cancels the running statement and rolls back. */
  readonly signal: AbortSignal;
}

/** Handles the deliveries that their groups have not handled before. */
export type HandleNew<DB> = (tx: Transaction<DB>, fresh: readonly Delivery[]) => Promise<void>;

/**
 * Runs `handle` and records its deliveries as handled, in one transaction. Does not call `handle`
 * when all deliveries were handled before.
 */
export type HandleOnce<DB> = (options: HandleOnceOptions, handle: HandleNew<DB>) => Promise<void>;

/** What a transaction does: begin, record the deliveries, run the handler and commit. */
type Stage = "opening" | "recording" | "handling";

/** SQLSTATEs of a transaction that PostgreSQL ends in favour of another. */
const conflicts: ReadonlySet<string | undefined> = new Set([
  "40001", // serialization failure
  "40P01", // deadlock
]);
/**
 * Classes of SQLSTATE that the id of an event can cause where it is recorded: data, and limits such as an
 * index row's. A violated constraint is not among them: the only one, the primary key, makes a duplicate.
 */
const badData = /^(22|54)...$/;
const maxRepeats = 3;
const initialIntervalMs = 50;

/** Creates a `HandleOnce` that keeps its records in this database. */
export function createHandleOnce<DB>(
  db: Kysely<DB>,
  { counters }: { readonly counters?: InboxCounters | undefined },
): HandleOnce<DB> {
  const processName = `${hostname()}/${process.pid}`;
  // Distinguishes the statements of this inbox from all others on the server.
  const inboxId = crypto.randomUUID();
  // Numbers are used again, so that drivers that prepare each text keep few statements.
  const freeNumbers: number[] = [];
  let numbers = 0;

  /** Returns how many deliveries were new. Calls `enter` at each stage. */
  async function runTransaction(
    { deliveries, signal }: HandleOnceOptions,
    handle: HandleNew<DB>,
    enter: (stage: Stage) => void,
  ): Promise<number> {
    enter("opening");
    const number = freeNumbers.pop() ?? ++numbers;
    const comment = `/* inbox ${inboxId} ${number} */`;
    const running: RunningTransaction = { comment };
    const ended = Promise.withResolvers<void>();
    const transaction = db.transaction().execute((tx) =>
      cancelOnAbort({ db, signal, running }, async () => {
        enter("recording");
        const recorded = await recordDeliveries(tx, { deliveries, process: processName, comment });
        running.id = recorded.transactionId;
        if (recorded.fresh.length === 0) return 0;
        enter("handling");
        const guarded = guardTransaction(tx, ended.promise);
        try {
          await handle(guarded.tx, recorded.fresh);
        } finally {
          await guarded.end();
        }
        signal.throwIfAborted();
        return recorded.fresh.length;
      }),
    );
    return await transaction.finally(() => {
      ended.resolve();
      freeNumbers.push(number);
    });
  }

  /** Repeats a transaction that conflicted with another, because no event is at fault. */
  async function repeatOnConflict(
    options: HandleOnceOptions,
    handle: HandleNew<DB>,
    enter: (stage: Stage) => void,
  ): Promise<number> {
    for (let repeat = 0; ; repeat++) {
      try {
        return await runTransaction(options, handle, enter);
      } catch (reason) {
        if (repeat === maxRepeats || !conflicts.has(readErrorCode(reason))) throw reason;
        await sleep(Math.random() * initialIntervalMs * 2 ** repeat, undefined, {
          signal: options.signal,
        });
      }
    }
  }

  return async (options, handle) => {
    const { deliveries, signal } = options;
    let stage: Stage = "opening";
    try {
      signal.throwIfAborted();
      const handled = await repeatOnConflict(options, handle, (entered) => {
        stage = entered;
      });
      if (counters === undefined) return;
      counters.handled += handled;
      counters.duplicates += deliveries.length - handled;
    } catch (reason) {
      signal.throwIfAborted();
      if (!isNotOfEvent(reason, stage)) throw reason;
      throw new DependencyUnavailableError(
        `the database became unavailable while handling ${describeDeliveries(deliveries)}`,
        { cause: reason },
      );
    }
  };
}

/**
 * Returns whether an error has another cause than the event. Until the handler runs, only the record of the
 * event can fail because of it, whatever driver or pooler reports the error: no list of codes is complete.
 */
function isNotOfEvent(reason: unknown, stage: Stage): boolean {
  if (reason instanceof DependencyUnavailableError) return false;
  if (stage === "opening" || isDatabaseUnavailable(reason)) return true;
  return stage === "recording" && !badData.test(readErrorCode(reason) ?? "");
}

function describeDeliveries([first, ...others]: readonly Delivery[]): string {
  const name = `${first?.topic} ${first?.id}`;
  return others.length === 0 ? name : `${name} and ${others.length} more`;
}
