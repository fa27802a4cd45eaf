import { inboxMigration, outboxMigration } from "@fanfare/bus-sql";
import { type Generated, Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";

/** FireDatabase has what is committed, in order, and what each group made of it. */
export interface FireDatabase {
  /** The number that each author has come to. */
  counters: { author: string; number: number };
  committed: { author: string; number: number };
  effects: { id: Generated<number>; reader: string; author: string; number: number };
}

/** connectFire opens a pool that lives through the loss of its server. */
export function connectFire(url: string): Kysely<FireDatabase> {
  const pool = new Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 3_000,
    query_timeout: 15_000,
  });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<FireDatabase>({ dialect: new PostgresDialect({ pool }) });
}

/** makeFire makes the tables, with a counter for each author. */
export async function makeFire(db: Kysely<FireDatabase>, authors: readonly string[]) {
  await inboxMigration.up(db);
  await outboxMigration.up(db);
  await sql`create table counters (author text primary key, number int not null)`.execute(db);
  await sql`create table committed (author text, number int)`.execute(db);
  await sql`create table effects (id serial, reader text, author text, number int)`.execute(db);
  await db
    .insertInto("counters")
    .values(authors.map((author) => ({ author, number: 0 })))
    .execute();
}
