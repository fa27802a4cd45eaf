import { type Client, createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { readOutboxState } from "@fanfare/outbox";
import { type Caller, createLogger, type Database, openDatabase } from "@fanfare/service";
import { openTestDatabase, withIdempotencyKey } from "@fanfare/test-fixtures";
import type { Kysely } from "kysely";
import { migrations } from "../src/migrations.ts";
import { createRoutes } from "../src/routes.ts";
import type { FleetTables } from "../src/tables.ts";

/** A caller of each role. Only the worker may write. */
export const worker: Caller = { role: "service", subject: "worker" };
export const operator: Caller = { role: "operator", subject: "olga" };
export const rider: Caller = { role: "rider", subject: "rider-1" };

/** The service over a PostgreSQL of its own, called in memory. */
export interface TestFleet extends AsyncDisposable {
  readonly db: Kysely<FleetTables>;
  as(caller: Caller): Client<typeof FleetService>;
  /** Opens the same database as another process would. */
  openAgain(): Database<FleetTables>;
  /** Returns the stored holds, ordered by vehicle. */
  readHolds(): Promise<{ vehicle_id: string; trip_id: string }[]>;
  /** Returns the number of changes that the outbox has not published. */
  countWaiting(): Promise<number>;
}

/** Starts PostgreSQL and creates the tables, the vehicles and the service. */
export async function startTestFleet(): Promise<TestFleet> {
  const database = await openTestDatabase<FleetTables>({ name: "fleet", migrations });
  const { db, url } = database;
  const logger = createLogger({ name: "fleet", level: "silent" });
  const create = (caller: Caller) =>
    createClient(FleetService, createTestTransport(createRoutes(db), caller));
  return {
    db,
    openAgain: () => openDatabase<FleetTables>({ url, name: "fleet", migrations, logger }),
    // No service needs to read: the tests of the worker read as an operator.
    as(caller) {
      if (caller.role !== "service") return create(caller);
      const { getVehicle, listVehicles } = create(operator);
      return { ...create(caller), getVehicle, listVehicles };
    },
    readHolds: () =>
      db
        .selectFrom("vehicle_holds")
        .select(["vehicle_id", "trip_id"])
        .orderBy("vehicle_id")
        .execute(),
    countWaiting: async () => (await readOutboxState(db)).waiting,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Creates a trip id with the idempotency keys of its saga. */
export function newTrip() {
  const tripId = crypto.randomUUID();
  const reserve = withIdempotencyKey(`trip/${tripId}/reserve-vehicle`);
  const release = withIdempotencyKey(`trip/${tripId}/release-vehicle`);
  return { tripId, reserve, release };
}
