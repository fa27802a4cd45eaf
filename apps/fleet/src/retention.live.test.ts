import { type PrunedTable, pruneTable } from "@fanfare/service";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newTrip, startTestFleet, type TestFleet, worker } from "../test/test-fleet.ts";
import { listPrunedTables } from "./retention.ts";

let test: TestFleet;
beforeAll(async () => {
  test = await startTestFleet();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

const tables = listPrunedTables({
  keyRetention: 90,
  tombstoneRetention: 90,
  reservationRetention: 90,
});

async function age(days: number): Promise<void> {
  for (const { table, since } of tables) {
    const column = sql.ref(since);
    await sql`
      update ${sql.table(table)} set ${column} = now() - ${days} * interval '1 day'`.execute(
      test.db,
    );
  }
}

async function prune(): Promise<void> {
  for (const table of tables) await pruneTable(test.db, table);
}

/** Returns the number of rows of each table that have the id of the trip in their key. */
async function count({ tripId }: ReturnType<typeof newTrip>): Promise<number[]> {
  const countIn = async ({ table, key }: PrunedTable) => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from ${sql.table(table)}
      where ${sql.ref(key.join("."))} like ${`%${tripId}%`}`.execute(test.db);
    return rows[0]?.count ?? 0;
  };
  return await Promise.all(tables.map(countIn));
}

it("keeps keys, tombstones and reservations for their retention, and while the trip holds a vehicle", async () => {
  const fleet = test.as(worker);
  const [released, holding] = [newTrip(), newTrip()];
  const reserve = (trip: typeof released) =>
    fleet.reserveVehicle({ vehicleId: "vehicle-1", tripId: trip.tripId }, trip.reserve);
  await reserve(released);
  await fleet.releaseVehicle({ vehicleId: "vehicle-1", tripId: released.tripId }, released.release);
  await reserve(holding);
  await age(89);
  await prune();
  expect(await count(released)).toEqual([2, 1, 1]);
  expect(await count(holding)).toEqual([1, 0, 1]);
  await age(4_000);
  await prune();
  expect(await count(released)).toEqual([0, 0, 0]);
  expect(await count(holding)).toEqual([1, 0, 1]);
});
