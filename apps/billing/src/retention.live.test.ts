import { pruneTable } from "@fanfare/service";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestBilling, type TestBilling, type TestTrip, worker } from "../test/test-billing.ts";
import { listPrunedTables } from "./retention.ts";

let test: TestBilling;
beforeAll(async () => {
  test = await startTestBilling();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

async function prune(): Promise<void> {
  const retention = { keyRetention: 90, tombstoneRetention: 400 };
  for (const table of listPrunedTables(retention)) await pruneTable(test.db, table);
}

/** Makes all keys and tombstones older by some days. */
async function age(days: number): Promise<void> {
  for (const table of ["idempotency_keys", "idempotency_tombstones"]) {
    await sql`
      update ${sql.table(table)} set created_at = created_at - ${days} * interval '1 day'`.execute(
      test.db,
    );
  }
}

/** Returns the number of keys and of tombstones of a trip. */
async function count({ tripId }: TestTrip) {
  const { rows } = await sql<{ keys: number; tombstones: number }>`
    select
      (select count(*)::int from idempotency_keys where key like ${`%${tripId}%`}) as keys,
      (select count(*)::int from idempotency_tombstones where key like ${`%${tripId}%`}) as tombstones`.execute(
    test.db,
  );
  return rows[0];
}

it("keeps the keys of a trip for their retention, and for as long as its tab or refund is open", async () => {
  const billing = test.as(worker);
  const captured = await test.openTrip();
  await billing.charge(captured.fee, captured.feeKey);
  await billing.captureTab({ tripId: captured.tripId }, captured.captureKey);
  const refunding = await test.openTrip();
  await billing.charge(refunding.fee, refunding.feeKey);
  await billing.captureTab({ tripId: refunding.tripId }, refunding.captureKey);
  await billing.refundCapture(refunding.partRefund, refunding.refundKey);
  await test.db
    .updateTable("capture_refunds")
    .set({ state: "refunding" })
    .where("trip_id", "=", refunding.tripId)
    .execute();
  const open = await test.openTrip();
  await billing.refund({ tripId: open.tripId }, open.feeKey);
  const voided = await test.openTrip();
  await billing.voidTab({ tripId: voided.tripId }, voided.openKey);

  await age(89);
  await prune();
  expect(await Promise.all([captured, refunding, open, voided].map(count))).toEqual([
    { keys: 3, tombstones: 0 },
    { keys: 4, tombstones: 0 },
    { keys: 2, tombstones: 1 },
    { keys: 1, tombstones: 1 },
  ]);
  await age(2);
  await prune();
  expect(await Promise.all([captured, refunding, open, voided].map(count))).toEqual([
    { keys: 0, tombstones: 0 },
    { keys: 4, tombstones: 0 },
    { keys: 2, tombstones: 1 },
    { keys: 0, tombstones: 1 },
  ]);
  await age(400);
  await prune();
  expect(await Promise.all([refunding, open, voided].map(count))).toEqual([
    { keys: 4, tombstones: 0 },
    { keys: 2, tombstones: 1 },
    { keys: 0, tombstones: 0 },
  ]);
});
