import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Random } from "@fanfare/dev-stack";
import { outbox } from "@fanfare/outbox";
import { type Kysely, sql } from "kysely";
import type { FireDatabase } from "./fire-database.ts";
import { waitUntilCaughtUp } from "./wait-until-caught-up.ts";

const writers = 4;
/** The share of transactions that are rolled back. */
const rolledBackShare = 0.2;
/** How long a server may be down, in milliseconds. */
const outageTimeoutMs = 90_000;

/** The keys of the events. A real trip has one event; these have many, so that their order is tested. */
export const trips = Array.from(
  { length: 20 },
  (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
);

/** Commits this many events over several connections, between transactions that are rolled back. */
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
      if (performance.now() - lastAt > outageTimeoutMs)
        throw new Error("no transaction has committed for 90 s");
    }
  }
  await Promise.all(Array.from({ length: writers }, writeSome));
}

/** Options of {@link commitContinuously}. */
export interface WritingOptions {
  readonly random: Random;
  /** The number of missing effects at which it waits before it commits more. */
  readonly ahead: number;
  /** Returns the number of missing effects. Rejects while a server is down. */
  readonly countMissing: () => Promise<number>;
  readonly signal: AbortSignal;
}

/** Commits events until the signal aborts. */
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
 * Writes an event to the outbox and then its position among the commits of its trip. The lock on the
 * trip's counter is held until the commit, so positions follow the order of the commits.
 */
async function commit(db: Kysely<FireDatabase>, trip: string, rollBack: boolean): Promise<boolean> {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ event: number }>`select nextval('events')::int as event`.execute(
      tx,
    );
    const event = rows[0]?.event ?? 0;
    await writeEvent(tx, trip, event);
    const { commits } = await tx
      .updateTable("counters")
      .set((eb) => ({ commits: eb("commits", "+", 1) }))
      .where("trip", "=", trip)
      .returning("commits")
      .executeTakeFirstOrThrow();
    await tx.insertInto("committed").values({ trip, event, position: commits }).execute();
    if (rollBack) throw new Error("rolled back on purpose");
  });
  return true;
}

/** Writes the event to the outbox, with its number in a field that each reactor stores. */
async function writeEvent(
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
