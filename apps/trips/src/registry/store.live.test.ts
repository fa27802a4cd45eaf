import { randomUUID } from "node:crypto";
import { explain } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestRegistry, type TestRegistry } from "../../test/test-registry.ts";
import { openTrips } from "./migrations.ts";
import { requestEnd } from "./stop-requests.ts";
import { createTripRegistry } from "./store.ts";
import type { TripRow } from "./tables.ts";
import {
  accept,
  activate,
  cancel,
  compensate,
  completeDrive,
  park,
  recordBroadcast,
  recordDelay,
  resume,
  settle,
  type Transition,
} from "./transitions.ts";

let test: TestRegistry;
beforeAll(async () => {
  test = await openTestRegistry();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await test.db.deleteFrom("trip_changes").execute();
  await test.db.deleteFrom("trips").execute();
});

const oneHourMs = 3_600_000;

async function requestTrip(reconcileAfterMs: number): Promise<TripRow> {
  return await test.registry.request({
    tripId: randomUUID(),
    riderId: randomUUID(),
    vehicleId: "vehicle-1",
    paymentMethod: "pm_card_visa",
    tariffId: "",
    requestHash: "hash",
    reconcileAfterMs,
  });
}

async function claim(limit: number, leaseDurationMs: number): Promise<TripRow[]> {
  return await test.registry.claimUnstarted({ limit, leaseDurationMs });
}

async function claimOpen(): Promise<TripRow[]> {
  return await test.registry.claimOpen({ limit: 10, leaseDurationMs: oneHourMs });
}

/** Requests a trip, applies the transitions and returns its id. */
async function createTrip(
  reconcileAfterMs: number,
  ...transitions: readonly Transition[]
): Promise<string> {
  const { trip_id } = await requestTrip(reconcileAfterMs);
  for (const transition of transitions) await test.registry.record(trip_id, transition);
  return trip_id;
}

function sortIds(trips: TripRow[]): string[] {
  return trips.map((trip) => trip.trip_id).toSorted();
}

describe("claimUnstarted()", () => {
  it("claims overdue REQUESTED trips, and no others", async () => {
    const overdue = await requestTrip(0);
    await requestTrip(oneHourMs);
    const accepted = await requestTrip(0);
    await test.registry.record(accepted.trip_id, accept());
    const claimed = await claim(10, oneHourMs);
    expect(sortIds(claimed)).toEqual([overdue.trip_id]);
  });

  it("claims a trip again only after its lease", async () => {
    const { trip_id } = await requestTrip(0);
    expect(sortIds(await claim(10, 0))).toEqual([trip_id]);
    expect(sortIds(await claim(10, oneHourMs))).toEqual([trip_id]);
    expect(await claim(10, oneHourMs)).toEqual([]);
  });

  it("skips a trip that another transaction has locked", async () => {
    const { trip_id } = await requestTrip(0);
    await test.db.transaction().execute(async (tx) => {
      await tx.updateTable("trips").set({ reason: "?" }).where("trip_id", "=", trip_id).execute();
      expect(await claim(10, oneHourMs)).toEqual([]);
    });
  });

  it("divides the overdue trips among concurrent processes", async () => {
    const trips = await Promise.all(Array.from({ length: 12 }, () => requestTrip(0)));
    const claims = await Promise.all(Array.from({ length: 4 }, () => claim(3, oneHourMs)));
    const rest = await claim(100, oneHourMs);
    expect(sortIds([...claims.flat(), ...rest])).toEqual(sortIds(trips));
  });

  it("claims no more than the limit when the planner chooses a nested loop", async () => {
    await Promise.all(Array.from({ length: 6 }, () => requestTrip(0)));
    await test.db.transaction().execute(async (tx) => {
      for (const plan of ["hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize"]) {
        await sql`set local ${sql.raw(`enable_${plan}`)} = off`.execute(tx);
      }
      const registry = createTripRegistry(tx);
      expect(await registry.claimUnstarted({ limit: 2, leaseDurationMs: 1_000 })).toHaveLength(2);
    });
  });
});

describe("claimOpen()", () => {
  const driven = [accept(), activate(), completeDrive(new Date())];
  const settled = [...driven, settle({ minorUnits: 130n, currency: "EUR" })];
  const published = [...settled, recordBroadcast({ state: "PUBLISHED", publishedAt: new Date() })];
  const parked = { version: 9n, step: "release-vehicle", reason: "refused by fleet" };

  it("claims trips that a workflow accepted and has not finished, and no others", async () => {
    const open = await Promise.all([
      createTrip(0, accept()),
      createTrip(0, ...driven),
      createTrip(0, accept(), compensate({ version: 3n, reason: "no" })),
      createTrip(0, accept(), park(parked)),
      createTrip(0, ...settled),
      createTrip(0, ...published),
      createTrip(0, ...published, park(parked)),
      createTrip(0, ...published, recordDelay({ version: 9n, step: "release-vehicle" })),
    ]);
    const resolvedSteps = ["release-vehicle"];
    const finished = await Promise.all([
      createTrip(0),
      createTrip(oneHourMs, accept()),
      createTrip(0, accept(), cancel("no")),
      createTrip(0, ...published),
      createTrip(0, ...published, park(parked), resume({ version: 10n, resolvedSteps })),
    ]);
    await test.registry.recordVehicleReleased(finished[3] ?? "");
    expect(sortIds(await claimOpen())).toEqual(open.toSorted());
    expect(await claimOpen()).toEqual([]);
  });

  it("uses an index that excludes finished trips", async () => {
    const due = sql`select from trips where ${openTrips} and reconcile_at <= now() order by reconcile_at`;
    expect(await explain(test.db, due)).toContain("trips_open");
  });
});

describe("claimStopping()", () => {
  it("claims a request again after 10 s at most, however often it was claimed", async () => {
    const tripId = await createTrip(oneHourMs, accept(), activate(), requestEnd());
    const change = { stop_deliveries: 2_000, stop_deliver_at: new Date(0) };
    await test.db.updateTable("trips").set(change).where("trip_id", "=", tripId).execute();
    expect(sortIds(await test.registry.claimStopping(10))).toEqual([tripId]);
    const { rows } = await sql<{ dueInMs: number }>`
      select (extract(epoch from stop_deliver_at - now()) * 1000)::float as "dueInMs"
      from trips where trip_id = ${tripId}`.execute(test.db);
    expect(rows[0]?.dueInMs).toBeLessThanOrEqual(10_000);
    expect(await test.registry.claimStopping(10)).toEqual([]);
  });
});

describe("record()", () => {
  it("stores nothing of a transition that throws", async () => {
    const { trip_id } = await requestTrip(0);
    await expect(test.registry.record(trip_id, completeDrive(new Date()))).rejects.toThrow(
      "it cannot become ENDED",
    );
    expect((await test.registry.find(trip_id))?.version).toBe("1");
  });
});

describe("the tables", () => {
  it("reject inconsistent trips", async () => {
    const { trip_id } = await requestTrip(0);
    for (const wrong of [
      { status: "ENDED" },
      { status: "SETTLED" },
      { settled: 100 },
      { broadcast: "PUBLISHED" },
    ] as const) {
      const update = test.db.updateTable("trips").set(wrong);
      await expect(update.where("trip_id", "=", trip_id).execute()).rejects.toThrow(/check/);
    }
  });
});
