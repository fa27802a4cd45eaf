import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { outbox } from "@fanfare/outbox";
import { type Kysely, sql } from "kysely";
import type { FireDatabase } from "./fire-database.ts";
import type { Random } from "./random.ts";
import { waitUntilCaughtUp } from "./wait-until-caught-up.ts";

const writers = 4;
/** Of the transactions, those that are rolled back. */
const rolledBackShare = 0.2;
/** For how long a server may be away, in milliseconds. */
const patienceMs = 90_000;

/** trips are the keys of the events. A real trip has one event; these have many, whose order shows. */
export const trips = Array.from(
  { length: 20 },
  (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
);

/** write commits this many events, from several connections, among transactions rolled back. */
export async function commitEvents(
  db: Kysely<FireDatabase>,
  { count, random }: { readonly count: number; readonly random: Random },
): Promise<void> {
  let left = count;
  let lastAt = performance.now();
  async function writeSome(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const trip = trips[Math.floor(random() * trips.length)] ?? "";
      const rollBack = random() < rolledBackShare;
      const committed = await commit(db, trip, rollBack).catch(() => false);
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
  readonly countMissing: () => Promise<number>;
  readonly signal: AbortSignal;
}

/** keepWriting commits events until the signal aborts. */
export async function commitContinuously(
  db: Kysely<FireDatabase>,
  { random, ahead, countMissing, signal }: WritingOptions,
): Promise<void> {
  while (!signal.aborted) {
    await waitUntilCaughtUp({
      countMissing: async () => (signal.aborted ? 0 : await countMissing()),
      below: ahead,
    });
    if (!signal.aborted) await commitEvents(db, { count: 20, random });
  }
}

/**
 * commit announces an event and only then takes its place among the commits of its trip, whose row
 * nobody else has until this is over: places rise in the order of commits, whatever the outbox does.
 */
async function commit(db: Kysely<FireDatabase>, trip: string, rollBack: boolean): Promise<boolean> {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ event: number }>`select nextval('events')::int as event`.execute(
      tx,
    );
    const event = rows[0]?.event ?? 0;
    await announce(tx, trip, event);
    const { commits } = await tx
      .updateTable("counters")
      .set((eb) => ({ commits: eb("commits", "+", 1) }))
      .where("trip", "=", trip)
      .returning("commits")
      .executeTakeFirstOrThrow();
    await tx.insertInto("committed").values({ trip, event, place: commits }).execute();
    if (rollBack) throw new Error("rolled back on purpose");
  });
  return true;
}

/** announce writes the event, whose number is where each reactor keeps something of it. */
async function announce(
  tx: Parameters<typeof outbox>[0],
  tripId: string,
  event: number,
): Promise<void> {
  const amount = { minorUnits: BigInt(event), currency: "EUR" };
  const at = timestampFromDate(new Date("2026-11-21T10:00:00Z"));
  await outbox(tx, TripEvents).tripCompleted(
    {
      tripId,
      riderId: String(event),
      vehicleId: "vehicle-1",
      startedAt: at,
      endedAt: at,
      unlockFee: amount,
      fare: amount,
      settled: amount,
    },
    { id: `${tripId}/${event}` },
  );
}
