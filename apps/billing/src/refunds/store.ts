import { type Kysely, sql, type Transaction } from "kysely";
import { post } from "../ledger/post.ts";
import type { BillingTables, CaptureRefundRow, TabRow } from "../tables.ts";

/** Returns the refund under a key; undefined when there is none. */
export function findRefund(
  tx: Transaction<BillingTables>,
  key: string,
): Promise<CaptureRefundRow | undefined> {
  return tx
    .selectFrom("capture_refunds")
    .selectAll()
    .where("refund_key", "=", key)
    .executeTakeFirst();
}

/** Inserts a refund that the gateway is about to make, and returns it. */
export function insertRefund(
  tx: Transaction<BillingTables>,
  refund: Omit<CaptureRefundRow, "state" | "minor_units"> & { readonly minor_units: bigint },
): Promise<CaptureRefundRow> {
  return tx
    .insertInto("capture_refunds")
    .values({ ...refund, state: "refunding" })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Stores that the gateway declined a refund. */
export async function declineRefund(
  tx: Transaction<BillingTables>,
  { refund_key }: CaptureRefundRow,
): Promise<void> {
  await tx
    .updateTable("capture_refunds")
    .set({ state: "declined" })
    .where("refund_key", "=", refund_key)
    .where("state", "=", "refunding")
    .execute();
}

/** Stores that the gateway made a refund: adds an entry to the tab, and posts it. Once for each refund. */
export async function completeRefund(
  tx: Transaction<BillingTables>,
  { trip_id: tripId, currency }: TabRow,
  { refund_key: key, minor_units }: CaptureRefundRow,
): Promise<void> {
  const minorUnits = BigInt(minor_units);
  const accounts = { from: "GATEWAY", to: "REFUNDS" } as const;
  const refund = { tripId, kind: "REFUND", key, currency, ...accounts, minorUnits } as const;
  const transactionId = await post(tx, refund);
  if (transactionId === undefined) return;
  await tx
    .updateTable("capture_refunds")
    .set({ state: "refunded" })
    .where("refund_key", "=", key)
    .execute();
  await tx
    .insertInto("tab_entries")
    .values({
      trip_id: tripId,
      kind: "refund",
      charge_key: key,
      description: "Refund",
      minor_units: -minorUnits,
      transaction_id: transactionId,
    })
    .execute();
}

/** Returns what the gateway has refunded of the trip's capture, in minor units. */
export function readRefunded(db: Kysely<BillingTables>, tripId: string): Promise<bigint> {
  return sumRefunds(db, tripId, ["refunded"]);
}

/** Returns what the gateway has refunded of the trip's capture, or is about to, in minor units. */
export function readReserved(db: Kysely<BillingTables>, tripId: string): Promise<bigint> {
  return sumRefunds(db, tripId, ["refunding", "refunded"]);
}

async function sumRefunds(
  db: Kysely<BillingTables>,
  tripId: string,
  states: readonly CaptureRefundRow["state"][],
): Promise<bigint> {
  const { total } = await db
    .selectFrom("capture_refunds")
    .select(sql<string>`coalesce(sum(minor_units), 0)::bigint`.as("total"))
    .where("trip_id", "=", tripId)
    .where("state", "in", states)
    .executeTakeFirstOrThrow();
  return BigInt(total);
}
