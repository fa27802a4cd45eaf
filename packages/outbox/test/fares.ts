import type { Delivery } from "@fanfare/bus";
import { type Generated, Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { inboxMigration } from "../src/index.ts";

/** FaresDatabase is a reactor's database as a test needs it: one table of effects. */
export interface FaresDatabase {
  readonly fares: { readonly id: Generated<number>; readonly trip_id: string };
}

/** openFares connects and makes the tables `inbox` and `fares`. */
export async function openFares(url: string): Promise<Kysely<FaresDatabase>> {
  const db = connectFares(url);
  await inboxMigration.up(db);
  await db.schema
    .createTable("fares")
    .addColumn("id", "serial", (column) => column.primaryKey())
    .addColumn("trip_id", "text", (column) => column.notNull())
    .execute();
  return db;
}

/** connectFares opens a pool of its own, as another process would. */
export function connectFares(
  url: string,
  { max = 10 }: { readonly max?: number } = {},
): Kysely<FaresDatabase> {
  const pool = new Pool({ connectionString: url, max });
  // pg reports a connection that breaks between two queries as an event, which unheard ends the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<FaresDatabase>({ dialect: new PostgresDialect({ pool }) });
}

/** locksAwaited is how many locks the server has not granted yet. */
export async function locksAwaited(db: Kysely<FaresDatabase>): Promise<number> {
  const { rows } = await sql`select from pg_locks where not granted`.execute(db);
  return rows.length;
}

/** deliveryOf is a first delivery of the event `id` to the group "revenue". */
export function deliveryOf(id: string, overrides: Partial<Delivery> = {}): Delivery {
  return {
    group: "revenue",
    id,
    topic: "trips.completed",
    key: "t1",
    attempt: 1,
    time: new Date("2026-11-21T10:00:00Z"),
    source: "test",
    headers: {},
    signal: new AbortController().signal,
    ...overrides,
  };
}
