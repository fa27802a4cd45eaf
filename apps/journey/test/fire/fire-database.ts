import { outboxMigration } from "@fanfare/bus-sql";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";

/** FireDatabase has the outbox and, in the transactions that wrote to it, what is committed. */
export interface FireDatabase {
  /** The number that each trip has come to. */
  counters: { trip: string; number: number };
  committed: { trip: string; number: number };
}

/** connectFire opens a pool that lives through the loss of its server. */
export function connectFire<DB = FireDatabase>(url: string): Kysely<DB> {
  const pool = new Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 3_000,
    query_timeout: 15_000,
  });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}

/** makeFire makes the tables, with a counter for each trip. */
export async function makeFire(db: Kysely<FireDatabase>, trips: readonly string[]): Promise<void> {
  await outboxMigration.up(db);
  await sql`create table counters (trip text primary key, number int not null)`.execute(db);
  await sql`create table committed (trip text not null, number int not null)`.execute(db);
  await db
    .insertInto("counters")
    .values(trips.map((trip) => ({ trip, number: 0 })))
    .execute();
}
