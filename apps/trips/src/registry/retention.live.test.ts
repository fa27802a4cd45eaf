import { randomUUID } from "node:crypto";
import { pruneTable } from "@fanfare/service";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestRegistry, type TestRegistry } from "../../test/test-registry.ts";
import { createTripRow, tripRows } from "../../test/trip-rows.ts";
import { listPrunedTables } from "./retention.ts";
import type { TripRow } from "./tables.ts";

let test: TestRegistry;
beforeAll(async () => {
  test = await openTestRegistry();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

const notReleased = createTripRow({ ...tripRows.settled, version: "6", broadcast: "PUBLISHED" });
const published = createTripRow({ ...notReleased, vehicle_released: true });
const finished = { published, cancelled: tripRows.cancelled };
const unfinished = {
  ...tripRows,
  cancelled: undefined,
  notPublished: createTripRow({ ...published, broadcast: "DELAYED" }),
  notReleased,
  broadcastParked: createTripRow({ ...published, reason: "publish: no" }),
};

/** Stores a trip with a change of each of the ages in days, and returns its id. */
async function store(row: TripRow, ages: readonly number[]): Promise<string> {
  const trip_id = randomUUID();
  const stored = JSON.stringify({ ...row, trip_id, rider_id: trip_id, version: ages.length });
  await sql`insert into trips select * from json_populate_record(null::trips, ${stored}::json)`.execute(
    test.db,
  );
  await sql`
    insert into trip_changes (trip_id, version, trip, recorded_at)
    select ${trip_id}::uuid, position, '{}', now() - days * interval '1 day'
    from unnest(${[...ages]}::int[]) with ordinality as changes (days, position)`.execute(test.db);
  return trip_id;
}

const readVersions = async (tripId: string) =>
  (
    await test.db
      .selectFrom("trip_changes")
      .select("version")
      .where("trip_id", "=", tripId)
      .orderBy("version")
      .execute()
  ).map(({ version }) => Number(version));

it("removes old changes of finished trips, and none of a trip or a refund that is not finished", async () => {
  const ended = await Promise.all(
    Object.values(finished).map((row) => store(row, [4_000, 91, 89, 0])),
  );
  const open = await Promise.all(
    Object.values(unfinished).flatMap((row) =>
      row === undefined ? [] : [store(row, [4_000, 91])],
    ),
  );
  const refunding = await store(published, [4_000, 91]);
  await sql`
    insert into trip_refunds (refund_id, trip_id, minor_units, currency, state, deliver_at)
    values ('refund', ${refunding}, 1, 'EUR', 'REFUNDED', now())`.execute(test.db);
  open.push(refunding);
  for (const table of listPrunedTables(90)) {
    expect(await pruneTable(test.db, table, { batchSize: 3 })).toBe(4);
  }
  for (const tripId of ended) expect(await readVersions(tripId)).toEqual([3, 4]);
  expect(open.length).toBeGreaterThan(10);
  for (const tripId of open) expect(await readVersions(tripId)).toEqual([1, 2]);
});
