import { pruneTable } from "@fanfare/service";
import { openTestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { migrations } from "./migrations.ts";
import { retained } from "./retention.ts";
import { appendEvent, listEvents } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

it("removes old events, and appends and pages on after them", async () => {
  await using database = await openTestDatabase<AuditDatabase>({ name: "audit", migrations });
  const { db } = database;
  const append = (eventId: string) =>
    appendEvent(db, {
      eventId,
      topic: "trips.completed",
      key: undefined,
      type: "trips.v1.TripCompleted",
      source: "//trips",
      time: new Date("2026-11-21T10:00:00Z"),
      json: "{}",
    });
  for (const id of ["a", "b", "c"]) await append(id);
  await sql`
    update events set recorded_at = now() - (402 - position * 36) * interval '1 day'`.execute(db);
  for (const { retention: _, ...table } of retained) {
    expect(await pruneTable(db, { ...table, retentionDays: 365 })).toBe(1);
    expect(await pruneTable(db, { ...table, retentionDays: 331 })).toBe(0);
    expect(await pruneTable(db, { ...table, retentionDays: 300 })).toBe(1);
  }
  await append("d");
  const filter = { topic: undefined, key: undefined };
  const events = await listEvents(db, filter, { after: 1n, limit: 10 });
  expect(events.map(({ position, event_id }) => `${position} ${event_id}`)).toEqual(["3 c", "4 d"]);
});
