import type { Delivery } from "@fanfare/bus";
import { type Generated, Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { expect } from "vitest";
import { type InboxHandler, inboxMigration } from "../src/index.ts";

/** The database of a reactor, with one table of effects. */
export interface FaresDatabase {
  readonly fares: { readonly id: Generated<number>; readonly trip_id: string };
}

/** Connects, and creates the tables `inbox` and `fares`. */
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

/** Opens a pool of its own, as another process does. */
export function connectFares(
  url: string,
  { max = 10 }: { readonly max?: number } = {},
): Kysely<FaresDatabase> {
  const pool = new Pool({ connectionString: url, max });
  // A connection that breaks between two queries emits "error", which ends the process without a
  // listener.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<FaresDatabase>({ dialect: new PostgresDialect({ pool }) });
}

/** The message of the tests. */
export interface Trip {
  readonly tripId: string;
}

/** Inserts one fare for a trip. */
export const insertFare: InboxHandler<Trip, FaresDatabase> = async (trip, tx) => {
  await tx.insertInto("fares").values({ trip_id: trip.tripId }).execute();
};

/** Returns the number of fares of a trip. */
export async function countFares(db: Kysely<FaresDatabase>, tripId: string): Promise<number> {
  const rows = await db.selectFrom("fares").where("trip_id", "=", tripId).selectAll().execute();
  return rows.length;
}

/** Returns the trips of all fares whose trip id begins with the prefix, in the order of insertion. */
export async function listFares(db: Kysely<FaresDatabase>, prefix: string): Promise<string[]> {
  const rows = await db
    .selectFrom("fares")
    .select("trip_id")
    .where("trip_id", "like", `${prefix}%`)
    .orderBy("id")
    .execute();
  return rows.map(({ trip_id }) => trip_id);
}

/** Returns the records of an event in the inbox. */
export async function readRecords(
  db: Kysely<FaresDatabase>,
  eventId: string,
): Promise<readonly object[]> {
  const { rows } = await sql<object>`
    select group_name, topic, attempt from inbox where event_id = ${eventId}`.execute(db);
  return rows;
}

/** Returns the number of locks that the server has not granted yet. */
export async function countBlockedLocks(db: Kysely<FaresDatabase>): Promise<number> {
  const { rows } = await sql`select from pg_locks where not granted`.execute(db);
  return rows.length;
}

/** Waits until a transaction waits for a lock. */
export async function waitForBlockedLock(db: Kysely<FaresDatabase>): Promise<void> {
  await expect.poll(() => countBlockedLocks(db), { timeout: 30_000 }).toBeGreaterThan(0);
}

/** Creates the first delivery of an event to the group "revenue". */
export function createDelivery(id: string, overrides: Partial<Delivery> = {}): Delivery {
  return {
    group: "revenue",
    id,
    topic: "trips.completed",
    key: "t1",
    attempt: 1,
    redelivered: false,
    time: new Date("2026-11-21T10:00:00Z"),
    source: "test",
    attributes: {},
    headers: {},
    signal: new AbortController().signal,
    ...overrides,
  };
}
