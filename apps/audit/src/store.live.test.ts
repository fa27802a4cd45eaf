import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrations } from "./migrations.ts";
import { appendEvent, listEvents } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

const event = (eventId: string) => ({
  eventId,
  topic: "trips.completed",
  key: undefined,
  type: "trips.v1.TripCompleted",
  source: "//trips",
  time: new Date("2026-11-21T10:00:00Z"),
  json: "{}",
});

describe("appendEvent()", { timeout: 60_000 }, () => {
  let database: TestDatabase<AuditDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "audit", migrations });
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const idsAfter = async (after: bigint) => {
    const filter = { topic: undefined, key: undefined };
    const events = await listEvents(database.db, filter, { after, limit: 100 });
    return events.map(({ position, event_id }) => `${position} ${event_id}`);
  };

  it("shows a position only after all positions before it", async () => {
    const { db } = database;
    const first = await db.startTransaction().execute();
    await appendEvent(first, event("first"));
    const second = appendEvent(db, event("second"));
    // It waits, instead of being visible with a position after one that is not.
    await expect
      .poll(
        async () => (await sql`select from pg_locks where not granted`.execute(db)).rows.length,
        { timeout: 20_000 },
      )
      .toBe(1);
    expect(await idsAfter(0n)).toEqual([]);
    await first.commit().execute();
    await second;
    expect(await idsAfter(0n)).toEqual(["1 first", "2 second"]);
  });

  it("leaves no gap after an append that was rolled back", async () => {
    const { db } = database;
    const compensated = await db.startTransaction().execute();
    await appendEvent(compensated, event("compensated"));
    await compensated.rollback().execute();
    await appendEvent(db, event("third"));
    expect(await idsAfter(2n)).toEqual(["3 third"]);
  });
});
