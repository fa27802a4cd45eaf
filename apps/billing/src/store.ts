import { type Insertable, type Kysely, sql, type Transaction, type Updateable } from "kysely";
import type { Account } from "./ledger/accounts.ts";
import { post, postReversal, readBalance } from "./ledger/post.ts";
import { readRefunded } from "./refunds/store.ts";
import type { BillingTables, TabRow, TabTable } from "./tables.ts";

/** A charge, or a refund with a negative amount. */
interface TabEntryRow {
  readonly description: string;
  readonly minorUnits: bigint;
}

/** A tab with its entries, in the order in which they were added. */
export interface TabRecord {
  readonly row: TabRow;
  readonly entries: readonly TabEntryRow[];
  /** The charges less the refunds, in minor units, as the ledger has them. */
  readonly balance: bigint;
  /** What was refunded after the capture. */
  readonly refunded: bigint;
}

/**
 * Runs a transaction that holds the lock of a trip: transactions of the same trip run one after the
 * other. The lock is the first that a transaction takes, so there are no deadlocks. It needs no row, so
 * it also serialises a compensation with a late copy of a step that never ran.
 */
export function withTripLock<T>(
  db: Kysely<BillingTables>,
  tripId: string,
  run: (tx: Transaction<BillingTables>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${tripId}::uuid::text, 0))`.execute(tx);
    return run(tx);
  });
}

/** Returns the tab of the trip; undefined when it has none. */
export function findTab(db: Kysely<BillingTables>, tripId: string): Promise<TabRow | undefined> {
  return db.selectFrom("tabs").selectAll().where("trip_id", "=", tripId).executeTakeFirst();
}

/** Inserts a tab and returns it. */
export function insertTab(
  tx: Transaction<BillingTables>,
  tab: Insertable<TabTable>,
): Promise<TabRow> {
  return tx.insertInto("tabs").values(tab).returningAll().executeTakeFirstOrThrow();
}

/** Updates the tab of the trip and returns it. */
export function updateTab(
  tx: Transaction<BillingTables>,
  tripId: string,
  changes: Updateable<TabTable>,
): Promise<TabRow> {
  return tx
    .updateTable("tabs")
    .set(changes)
    .where("trip_id", "=", tripId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A charge to add to a tab. */
export interface NewCharge {
  readonly tripId: string;
  readonly key: string;
  readonly description: string;
  readonly minorUnits: bigint;
  readonly currency: string;
  /** The account that earns it. */
  readonly account: Account;
}

/** Adds a charge under an idempotency key, and posts it. */
export async function addCharge(
  tx: Transaction<BillingTables>,
  { tripId, key, description, minorUnits, currency, account }: NewCharge,
): Promise<void> {
  const accounts = { from: account, to: "RECEIVABLE" } as const;
  const charge = { tripId, kind: "CHARGE", key, currency, ...accounts, minorUnits } as const;
  const transactionId = await post(tx, charge);
  if (transactionId === undefined) throw new Error(`the charge ${key} is in the journal already`);
  await tx
    .insertInto("tab_entries")
    .values({
      trip_id: tripId,
      kind: "charge",
      charge_key: key,
      description,
      minor_units: minorUnits,
      transaction_id: transactionId,
    })
    .execute();
}

/** Returns the charge under the key, and whether it is refunded; undefined when there is none. */
export function findCharge(tx: Transaction<BillingTables>, key: string) {
  return tx
    .selectFrom("tab_entries as charge")
    .leftJoin("tab_entries as refund", (join) =>
      join.onRef("refund.charge_key", "=", "charge.charge_key").on("refund.kind", "=", "refund"),
    )
    .select((eb) => [
      "charge.trip_id",
      "charge.description",
      "charge.minor_units",
      eb("refund.entry_id", "is not", null).as("refunded"),
    ])
    .where("charge.charge_key", "=", key)
    .where("charge.kind", "=", "charge")
    .executeTakeFirst();
}

/** Adds a refund of the charge under the key, and posts it. The tables allow one. */
export async function addRefund(tx: Transaction<BillingTables>, key: string): Promise<void> {
  const transactionId = await postReversal(tx, key);
  await tx
    .insertInto("tab_entries")
    .columns(["trip_id", "kind", "charge_key", "description", "minor_units", "transaction_id"])
    .expression((eb) =>
      eb
        .selectFrom("tab_entries")
        .select((row) => [
          "trip_id",
          row.val("refund").as("kind"),
          "charge_key",
          sql<string>`'Refund: ' || description`.as("description"),
          sql<bigint>`-minor_units`.as("minor_units"),
          row.val(transactionId).as("transaction_id"),
        ])
        .where("charge_key", "=", key)
        .where("kind", "=", "charge"),
    )
    .execute();
}

/** Returns the tab of the trip with its entries; undefined when it has none. */
export async function readTab(
  db: Kysely<BillingTables>,
  tripId: string,
): Promise<TabRecord | undefined> {
  const row = await findTab(db, tripId);
  if (row === undefined) {
    return undefined;
  }
  const entries = await db
    .selectFrom("tab_entries")
    .select(["description", "minor_units"])
    .where("trip_id", "=", tripId)
    .orderBy("entry_id")
    .execute();
  return {
    row,
    entries: entries.map((entry) => ({
      description: entry.description,
      minorUnits: BigInt(entry.minor_units),
    })),
    balance: await readBalance(db, tripId),
    refunded: await readRefunded(db, tripId),
  };
}
