import { pruneTable } from "@fanfare/service";
import { openTestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { newReceipt } from "../test/new-receipt.ts";
import { migrations } from "./migrations.ts";
import { retained } from "./retention.ts";
import { addReceipt } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";

it("removes old receipts that were sent, and none that is to be sent or of a trip with a draft", async () => {
  await using database = await openTestDatabase<NotificationsDatabase>({
    name: "notifications",
    migrations,
  });
  const { db } = database;
  for (const tripId of ["sent", "unsent", "young", "refunded"]) {
    await addReceipt(db, newReceipt({ trip_id: tripId }));
  }
  await sql`update receipts set created_at = now() - interval '4000 days' where trip_id <> 'young'`.execute(
    db,
  );
  await sql`update receipts set sent_at = now() where trip_id <> 'unsent'`.execute(db);
  const draft = sql`
    insert into receipt_drafts (trip_id, rider_id, event) values ('refunded', 'ada', '{}')`;
  await draft.execute(db);
  for (const { retention: _, ...table } of retained) {
    expect(await pruneTable(db, { ...table, retentionDays: "never" })).toBe(0);
    expect(await pruneTable(db, { ...table, retentionDays: 3_650 })).toBe(1);
  }
  const left = await db.selectFrom("receipts").select("trip_id").orderBy("id").execute();
  expect(left.map(({ trip_id }) => trip_id)).toEqual(["unsent", "young", "refunded"]);
});
