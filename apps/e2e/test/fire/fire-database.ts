import { outboxKeysMigration, outboxMigration } from "@fanfare/outbox";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";

/** The outbox and, written in the same transactions, a record of each committed event. */
export interface FireDatabase {
  /** The number of commits of each trip. */
  counters: { trip: string; commits: number };
  /** Each event with its position among the commits of its trip, from 1. */
  committed: { trip: string; event: number; position: number };
}

/** Opens a pool that survives the loss of its server. */
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

/** Creates the tables, with a counter for each trip. */
export async function createTables(
  db: Kysely<FireDatabase>,
  trips: readonly string[],
): Promise<void> {
  await outboxMigration.up(db);
  await outboxKeysMigration.up(db);
  await sql`create sequence events`.execute(db);
  await sql`create table counters (trip text primary key, commits int not null)`.execute(db);
  await sql`create table committed (trip text, event int primary key, position int)`.execute(db);
  await db
    .insertInto("counters")
    .values(trips.map((trip) => ({ trip, commits: 0 })))
    .execute();
}
