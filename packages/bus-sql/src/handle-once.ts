import { hostname } from "node:os";
import { BusError, type Delivery } from "@fanfare/bus";
import type { Kysely, Transaction } from "kysely";
import { cancelOnAbort, type Running } from "./cancel-on-abort.ts";
import type { InboxTally } from "./inbox-tally.ts";
import { keepTransaction } from "./keep-transaction.ts";
import { lostDatabase } from "./lost-database.ts";
import { record } from "./record.ts";

export interface OnceOptions {
  readonly deliveries: readonly Delivery[];
  /** Gives it all up: the running statement is cancelled and nothing is committed. */
  readonly signal: AbortSignal;
}

/**
 * HandleOnce runs `work` with those deliveries that their groups have not handled, in one
 * transaction with the records that they have, and not at all when there are none.
 */
export type HandleOnce<DB> = (
  options: OnceOptions,
  work: (tx: Transaction<DB>, fresh: readonly Delivery[]) => Promise<void>,
) => Promise<void>;

/** createHandleOnce makes a HandleOnce whose records are kept in this database. */
export function createHandleOnce<DB>(
  db: Kysely<DB>,
  { tally }: { readonly tally?: InboxTally | undefined },
): HandleOnce<DB> {
  const process = `${hostname()}/${globalThis.process.pid}`;
  // Tells its statements from all others of the server.
  const name = crypto.randomUUID();
  let calls = 0;

  return async ({ deliveries, signal }, work) => {
    const tag = `/* inbox ${name} ${++calls} */`;
    const running: Running = { tag };
    try {
      signal.throwIfAborted();
      const handled = await db.transaction().execute((tx) =>
        cancelOnAbort({ db, signal, running }, async () => {
          const { fresh, transaction } = await record(tx, { deliveries, process, tag });
          running.transaction = transaction;
          if (fresh.length > 0) await work(tx.withPlugin(keepTransaction), fresh);
          signal.throwIfAborted();
          return fresh.length;
        }),
      );
      if (tally === undefined) return;
      tally.handled += handled;
      tally.duplicates += deliveries.length - handled;
    } catch (reason) {
      signal.throwIfAborted();
      if (!lostDatabase(reason)) throw reason;
      const events = deliveries.map(({ topic, id }) => `${topic} ${id}`).join(", ");
      throw new BusError("unavailable", `the database was lost while handling ${events}`, {
        cause: reason,
      });
    }
  };
}
