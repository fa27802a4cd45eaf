import { randomUUID } from "node:crypto";
import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { launchTariff } from "@fanfare/trip-contract";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migrations } from "./migrations.ts";
import { createTripRegistry } from "./store.ts";
import type { TripsDatabase } from "./tables.ts";
import { createTripInput } from "./trip-input.ts";

const isOlder = (name: string) => name < "0008";

let database: TestDatabase<TripsDatabase>;
const rider = "rosa";
const [older, newer, other] = [randomUUID(), randomUUID(), randomUUID()];

beforeAll(async () => {
  const entries = Object.entries(migrations);
  database = await openTestDatabase<TripsDatabase>({
    name: "trips",
    migrations: Object.fromEntries(entries.filter(([name]) => isOlder(name))),
  });
  const { db } = database;
  for (const [tripId, riderId, agoS] of [
    [older, rider, 20],
    [newer, rider, 10],
    [other, "olga", 30],
  ] as const) {
    await sql`
      insert into trips (trip_id, rider_id, vehicle_id, payment_method, request_hash, status, version,
        requested_at, started_at, reconcile_at)
      values (${tripId}, ${riderId}, 'vehicle-1', 'pm_card_visa', 'hash', 'ACTIVE', 3,
        now() - ${agoS} * interval '1 second', now(), now())`.execute(db);
  }
  for (const [name, migration] of entries) if (!isOlder(name)) await migration.up(db);
});
afterAll(() => database?.[Symbol.asyncDispose]());

const request = (riderId: string) =>
  createTripRegistry(database.db).request({
    tripId: randomUUID(),
    riderId,
    vehicleId: "vehicle-1",
    paymentMethod: "pm_card_visa",
    tariffId: "",
    requestHash: "hash",
    reconcileAfterMs: 0,
  });

it("trips of older versions have the tariff launch", async () => {
  const trip = await createTripRegistry(database.db).find(older);
  expect(trip && createTripInput(trip).tariff).toEqual(launchTariff);
});

it("a rider with several active trips of older versions may start another once the newest is over", async () => {
  await expect(request(rider)).rejects.toThrow(`the rider has trip ${newer}, which is ACTIVE`);
  await expect(request("olga")).rejects.toThrow(`the rider has trip ${other}, which is ACTIVE`);
  await database.db
    .updateTable("trips")
    .set({ status: "CANCELLED" })
    .where("trip_id", "=", newer)
    .execute();
  expect((await request(rider)).status).toBe("REQUESTED");
});
