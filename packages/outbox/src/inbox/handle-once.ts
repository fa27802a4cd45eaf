import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { BusError, type Delivery } from "@fanfare/bus";
import { isDatabaseUnavailable, readErrorCode } from "@fanfare/database-errors";
import type { Kysely, Transaction } from "kysely";
import { cancelOnAbort, type Running } from "./cancel-on-abort.ts";
import { guardTransaction } from "./guard-transaction.ts";
import type { InboxCounters } from "./inbox-counters.ts";
import { record } from "./record-deliveries.ts";

export interface OnceOptions {
  readonly deliveries: readonly Delivery[];
  /** Gives it all up: the running statement is cancelled and nothing is committed. */
  readonly signal: AbortSignal;
}

/** OnceWork is what is done with those deliveries that their groups have not handled. */
export type OnceWork<DB> = (tx: Transaction<DB>, fresh: readonly Delivery[]) => Promise<void>;

/**
 * HandleOnce runs `work` in one transaction with the records that its deliveries are handled, and not
 * at all when they were handled before.
 */
export type HandleOnce<DB> = (options: OnceOptions, work: OnceWork<DB>) => Promise<void>;

/** How PostgreSQL ends a transaction for the sake of another: serialization failure, deadlock. */
const victims: ReadonlySet<string | undefined> = new Set(["40001", "40P01"]);
const repeats = 3;
const restMs = 50;

/** createHandleOnce makes a HandleOnce whose records are kept in this database. */
export function createHandleOnce<DB>(
  db: Kysely<DB>,
  { counters }: { readonly counters?: InboxCounters | undefined },
): HandleOnce<DB> {
  const recorder = `${hostname()}/${process.pid}`;
  // Tells its statements from all others of the server.
  const name = crypto.randomUUID();
  let calls = 0;

  async function attempt({ deliveries, signal }: OnceOptions, work: OnceWork<DB>): Promise<number> {
    const tag = `/* inbox ${name} ${++calls} */`;
    const running: Running = { tag };
    const over = Promise.withResolvers<void>();
    const transaction = db.transaction().execute((tx) =>
      cancelOnAbort({ db, signal, running }, async () => {
        const { fresh, transaction: id } = await record(tx, { deliveries, process: recorder, tag });
        running.transaction = id;
        if (fresh.length === 0) return 0;
        const guarded = guardTransaction(tx, over.promise);
        try {
          await work(guarded.tx, fresh);
        } finally {
          await guarded.end();
        }
        signal.throwIfAborted();
        return fresh.length;
      }),
    );
    return await transaction.finally(over.resolve);
  }

  /** No event is to blame where two transactions were in each other's way. */
  async function attempts(options: OnceOptions, work: OnceWork<DB>): Promise<number> {
    for (let left = repeats; ; left--) {
      try {
        return await attempt(options, work);
      } catch (reason) {
        if (left === 0 || !victims.has(readErrorCode(reason))) throw reason;
        await sleep(Math.random() * restMs * 2 ** (repeats - left), undefined, {
          signal: options.signal,
        });
      }
    }
  }

  return async (options, work) => {
    const { deliveries, signal } = options;
    try {
      signal.throwIfAborted();
      const handled = await attempts(options, work);
      if (counters === undefined) return;
      counters.handled += handled;
      counters.duplicates += deliveries.length - handled;
    } catch (reason) {
      signal.throwIfAborted();
      if (!isDatabaseUnavailable(reason)) throw reason;
      throw new BusError(
        "unavailable",
        `the database was lost while handling ${namesOf(deliveries)}`,
        { cause: reason },
      );
    }
  };
}

function namesOf([first, ...others]: readonly Delivery[]): string {
  const name = `${first?.topic} ${first?.id}`;
  return others.length === 0 ? name : `${name} and ${others.length} more`;
}
