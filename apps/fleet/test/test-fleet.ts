import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { startPostgres } from "@fanfare/dev-stack";
import { readOutboxState } from "@fanfare/outbox";
import { type Caller, createLogger, type Database, openDatabase } from "@fanfare/service";
import type { Kysely } from "kysely";
import { migrations } from "../src/migrations.ts";
import { createRoutes } from "../src/routes.ts";
import type { FleetTables } from "../src/store.ts";

/** Callers of each role; only the worker may write. */
export const worker: Caller = { role: "service", subject: "worker" };
export const operator: Caller = { role: "operator", subject: "olga" };
export const rider: Caller = { role: "rider", subject: "rider-1" };

/** TestFleet is fleet on a PostgreSQL of its own, called in memory. */
export interface TestFleet extends AsyncDisposable {
  readonly db: Kysely<FleetTables>;
  as(caller: Caller): Client<typeof FleetService>;
  /** openAgain opens the same database as another process would. */
  openAgain(): Database<FleetTables>;
  /** holds are the holds as the database has them, by vehicle. */
  holds(): Promise<{ vehicle_id: string; trip_id: string }[]>;
  /** waiting is how many changes are not announced yet. */
  waiting(): Promise<number>;
}

/** startTestFleet resolves when the fleet is there. */
export async function startTestFleet(): Promise<TestFleet> {
  const postgres = await startPostgres();
  const url = await postgres.createDatabase("fleet");
  const logger = createLogger({ name: "fleet", level: "silent" });
  const openAgain = () => openDatabase<FleetTables>({ url, name: "fleet", migrations, logger });
  const database = openAgain();
  await database.waitForMigrations({ timeoutMs: 60_000 });
  const { db } = database;
  return {
    db,
    openAgain,
    as: (caller) => createClient(FleetService, createTestTransport(createRoutes(db), caller)),
    holds: () =>
      db
        .selectFrom("vehicle_holds")
        .select(["vehicle_id", "trip_id"])
        .orderBy("vehicle_id")
        .execute(),
    waiting: async () => (await readOutboxState(db)).waiting,
    async [Symbol.asyncDispose]() {
      await database.close();
      await postgres.stop();
    },
  };
}

/** under sends an idempotency-key. */
export function under(key: string) {
  return { headers: { "idempotency-key": key } };
}

/** newTrip is a trip with the keys that its saga sends. */
export function newTrip() {
  const tripId = crypto.randomUUID();
  const reserve = under(`trip/${tripId}/reserve-vehicle`);
  const release = under(`trip/${tripId}/release-vehicle`);
  return { tripId, reserve, release };
}

/** refusal is the error that a call ends with; it rejects when the call succeeds. */
export async function refusal(call: Promise<unknown>): Promise<ConnectError> {
  return await call.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: unknown) => ConnectError.from(error),
  );
}

/** insist calls until the answer is not unavailable, as the callers of this service do. */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unavailable) throw error;
    }
  }
}
