import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { outbox } from "@fanfare/bus-sql";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { waitUntil } from "@fanfare/dev-stack";
import type { Kysely } from "kysely";
import type { FireDatabase } from "./fire-database.ts";
import type { Random } from "./random.ts";

const writers = 4;
/** Of the transactions, those that are rolled back. */
const undone = 0.2;
/** For how long a server may be away, in milliseconds. */
const patienceMs = 90_000;
/** Added to the number of an event that must never be seen. */
const never = 1_000_000;

/** trips are the keys of the events. A real trip has one event; these have many, whose order shows. */
export const trips = Array.from(
  { length: 20 },
  (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
);

/** write commits this many events, from several connections, among transactions rolled back. */
export async function write(
  db: Kysely<FireDatabase>,
  { count, random }: { readonly count: number; readonly random: Random },
): Promise<void> {
  let left = count;
  let lastAt = performance.now();
  async function writeSome(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const trip = trips[Math.floor(random() * trips.length)] ?? "";
      const undo = random() < undone;
      const committed = await commit(db, trip, undo).catch(() => false);
      if (committed) lastAt = performance.now();
      else left += 1;
      if (performance.now() - lastAt > patienceMs) throw new Error("nothing can be committed");
    }
  }
  await Promise.all(Array.from({ length: writers }, writeSome));
}

export interface WritingOptions {
  readonly random: Random;
  /** How many events may be on their way before this waits for them. */
  readonly ahead: number;
  /** How many are on their way; rejects while a server is away. */
  readonly behind: () => Promise<number>;
  readonly signal: AbortSignal;
}

/** keepWriting commits events until the signal aborts. */
export async function keepWriting(
  db: Kysely<FireDatabase>,
  { random, ahead, behind, signal }: WritingOptions,
): Promise<void> {
  while (!signal.aborted) {
    await waitUntil(async () => signal.aborted || (await behind()) < ahead, {
      what: "the events that were written to have their effects",
      deadlineMs: 180_000,
      everyMs: 100,
    });
    if (!signal.aborted) await write(db, { count: 20, random });
  }
}

/** commit takes a trip's next number, whose row makes numbers rise in the order of commits. */
async function commit(db: Kysely<FireDatabase>, trip: string, undo: boolean): Promise<boolean> {
  await db.transaction().execute(async (tx) => {
    const { number } = await tx
      .updateTable("counters")
      .set((eb) => ({ number: eb("number", "+", 1) }))
      .where("trip", "=", trip)
      .returning("number")
      .executeTakeFirstOrThrow();
    await tx.insertInto("committed").values({ trip, number }).execute();
    await announce(tx, trip, undo ? number + never : number);
    if (undo) throw new Error("rolled back on purpose");
  });
  return true;
}

/** announce writes the event, which carries its number where each reactor keeps something of it. */
async function announce(
  tx: Parameters<typeof outbox>[0],
  tripId: string,
  number: number,
): Promise<void> {
  const amount = { minorUnits: BigInt(number), currency: "EUR" };
  const at = timestampFromDate(new Date("2026-11-21T10:00:00Z"));
  await outbox(tx, TripEvents).tripCompleted(
    {
      tripId,
      riderId: String(number),
      vehicleId: "vehicle-1",
      startedAt: at,
      endedAt: at,
      unlockFee: amount,
      fare: amount,
      settled: amount,
    },
    { id: `${tripId}/${number}` },
  );
}
