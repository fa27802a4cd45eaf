import { hostname } from "node:os";
import { BusError, type Delivery } from "@fanfare/bus";
import { type Kysely, sql, type Transaction } from "kysely";
import { type CancelOptions, cancelOnAbort, type Running } from "./cancel-on-abort.ts";
import type { InboxTally } from "./inbox-tally.ts";
import { keepTransaction } from "./keep-transaction.ts";
import { lostDatabase } from "./lost-database.ts";
import { needing } from "./missing-table.ts";

export interface HandleOnceOptions {
  readonly deliveries: readonly Delivery[];
  /** Gives it all up: the running statement is cancelled and nothing is committed. */
  readonly signal: AbortSignal;
  readonly tally?: InboxTally | undefined;
}

/**
 * handleOnce runs `work` with those deliveries that their groups have not handled, in one
 * transaction with the records that they have, and not at all when there are none.
 */
export async function handleOnce<DB>(
  db: Kysely<DB>,
  { deliveries, signal, tally }: HandleOnceOptions,
  work: (tx: Transaction<DB>, fresh: ReadonlySet<Delivery>) => Promise<void>,
): Promise<void> {
  try {
    signal.throwIfAborted();
    const handled = await db.transaction().execute(async (tx) => {
      const { fresh, transaction } = await record(tx, deliveries, { db, signal });
      if (transaction === undefined) return 0;
      const guarded = tx.withPlugin(keepTransaction);
      await cancelOnAbort(transaction, { db, signal }, () => work(guarded, fresh));
      signal.throwIfAborted();
      return fresh.size;
    });
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
}

interface RecordRow extends Pick<Delivery, "group" | "topic" | "id"> {
  readonly pid: number;
  readonly at: string;
}

interface Recorded {
  readonly fresh: ReadonlySet<Delivery>;
  /** Undefined when nothing was recorded. */
  readonly transaction: Running | undefined;
}

/** record tells which deliveries are new to their groups. It waits for whoever records one now. */
async function record<DB>(
  tx: Transaction<DB>,
  deliveries: readonly Delivery[],
  options: CancelOptions<DB>,
): Promise<Recorded> {
  const process = `${hostname()}/${globalThis.process.pid}`;
  // In one order everywhere, so that two batches never wait for each other.
  const rows = deliveries
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .map(
      ({ group, topic, id, attempt }) => sql`(${group}, ${topic}, ${id}, ${attempt}, ${process})`,
    );
  const tag = `/* inbox ${crypto.randomUUID()} */`;
  const insert = sql<RecordRow>`${sql.raw(tag)}
    insert into inbox (group_name, topic, event_id, attempt, process)
    values ${sql.join(rows)}
    on conflict do nothing
    returning group_name as "group", topic, event_id as id, pg_backend_pid() as pid,
      now()::text as at`;
  const recording = cancelOnAbort({ tag }, options, () => insert.execute(tx));
  // No event is to blame, nor to be given up, because a migration takes its time.
  const recorded = await needing("inbox", recording, "unavailable");
  const unhandled = new Set(recorded.rows.map(nameOf));
  return {
    // Of an event that is there twice, the first.
    fresh: new Set(deliveries.filter((delivery) => unhandled.delete(nameOf(delivery)))),
    transaction: recorded.rows[0],
  };
}

function nameOf({ group, topic, id }: Pick<Delivery, "group" | "topic" | "id">): string {
  return `${group}\n${topic}\n${id}`;
}
