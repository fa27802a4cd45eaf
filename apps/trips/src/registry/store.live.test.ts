import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestRegistry, type TestRegistry } from "../../test/test-registry.ts";
import { openTrips } from "./migrations.ts";
import type { TripRow } from "./tables.ts";
import {
  accept,
  activate,
  broadcast,
  type Change,
  cancel,
  compensate,
  completeDrive,
  delay,
  park,
  settle,
} from "./transitions.ts";

let test: TestRegistry;
beforeAll(async () => {
  test = await openTestRegistry();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await test.database.db.deleteFrom("trip_changes").execute();
  await test.database.db.deleteFrom("trips").execute();
});

const anHour = 3_600_000;

async function requested(sweepAfterMs: number): Promise<TripRow> {
  return await test.registry.request({
    tripId: randomUUID(),
    riderId: "rosa",
    vehicleId: "vehicle-1",
    paymentMethod: "pm_card_visa",
    requestHash: "hash",
    requestedAt: new Date(),
    sweepAfterMs,
  });
}

async function claim(limit: number, leaseDurationMs: number): Promise<TripRow[]> {
  return await test.registry.claimUnstarted({ limit, leaseDurationMs });
}

async function claimOpen(): Promise<TripRow[]> {
  return await test.registry.claimOpen({ limit: 10, leaseDurationMs: anHour });
}

/** became is the id of a trip after these changes. */
async function became(sweepAfterMs: number, ...changes: readonly Change[]): Promise<string> {
  const { trip_id } = await requested(sweepAfterMs);
  for (const change of changes) await test.registry.record(trip_id, change);
  return trip_id;
}

function idsOf(trips: TripRow[]): string[] {
  return trips.map((trip) => trip.trip_id).toSorted();
}

describe("claimUnstarted()", () => {
  it("takes trips that are REQUESTED and overdue, and no others", async () => {
    const overdue = await requested(0);
    await requested(anHour);
    const takenUp = await requested(0);
    await test.registry.record(takenUp.trip_id, accept());
    const claimed = await claim(10, anHour);
    expect(idsOf(claimed)).toEqual([overdue.trip_id]);
  });

  it("gives a trip again only when its lease is over", async () => {
    const { trip_id } = await requested(0);
    expect(idsOf(await claim(10, 0))).toEqual([trip_id]);
    expect(idsOf(await claim(10, anHour))).toEqual([trip_id]);
    expect(await claim(10, anHour)).toEqual([]);
  });

  it("does not wait for a trip that somebody is changing", async () => {
    const { trip_id } = await requested(0);
    await test.database.db.transaction().execute(async (tx) => {
      await tx.updateTable("trips").set({ reason: "?" }).where("trip_id", "=", trip_id).execute();
      expect(await claim(10, anHour)).toEqual([]);
    });
  });

  it("shares what is overdue among processes that claim at once", async () => {
    const trips = await Promise.all(Array.from({ length: 12 }, () => requested(0)));
    const claims = await Promise.all(Array.from({ length: 4 }, () => claim(3, anHour)));
    const rest = await claim(100, anHour);
    expect(idsOf([...claims.flat(), ...rest])).toEqual(idsOf(trips));
  });
});

describe("claimOpen()", () => {
  const driven = [accept(), activate(new Date()), completeDrive(new Date())];
  const settled = [...driven, settle({ minorUnits: 130n, currency: "EUR" })];
  const published = [...settled, broadcast({ state: "PUBLISHED", publishedAt: new Date() })];
  const parked = { version: 9n, step: "release-vehicle", reason: "fleet says no" };

  it("takes trips that a workflow has taken up and is not done with, and no others", async () => {
    const open = await Promise.all([
      became(0, accept()),
      became(0, ...driven),
      became(0, accept(), compensate({ version: 3n, reason: "no" })),
      became(0, accept(), park(parked)),
      became(0, ...settled),
      became(0, ...published, park(parked)),
      became(0, ...published, delay({ version: 9n, step: "release-vehicle" })),
    ]);
    await Promise.all([
      became(0),
      became(anHour, accept()),
      became(0, accept(), cancel("no")),
      became(0, ...published),
    ]);
    expect(idsOf(await claimOpen())).toEqual(open.toSorted());
    expect(await claimOpen()).toEqual([]);
  });

  it("finds them by an index, among any number that are over", async () => {
    const { rows } = await test.database.db.transaction().execute(async (tx) => {
      await sql`set local enable_seqscan = off`.execute(tx);
      return await sql<Record<string, string>>`
        explain select from trips where ${openTrips} and sweep_at <= now() order by sweep_at`.execute(
        tx,
      );
    });
    expect(JSON.stringify(rows)).toContain("trips_open");
  });
});

describe("record()", () => {
  it("leaves no trace of a change that throws", async () => {
    const { trip_id } = await requested(0);
    await expect(test.registry.record(trip_id, completeDrive(new Date()))).rejects.toThrow(
      "it cannot become ENDED",
    );
    expect((await test.registry.find(trip_id))?.version).toBe("1");
  });
});

describe("the tables", () => {
  it("hold no trip that contradicts itself", async () => {
    const { trip_id } = await requested(0);
    for (const wrong of [
      { status: "ENDED" },
      { status: "SETTLED" },
      { settled: 100 },
      { broadcast: "PUBLISHED" },
    ] as const) {
      const update = test.database.db.updateTable("trips").set(wrong);
      await expect(update.where("trip_id", "=", trip_id).execute()).rejects.toThrow(/check/);
    }
  });
});
