import {
  type Insertable,
  type Kysely,
  type Selectable,
  sql,
  type Transaction,
  type Updateable,
} from "kysely";
import type { BillingTables, TabTable } from "./tables.ts";

/** TabRow is a tab as it is stored. */
export type TabRow = Selectable<TabTable>;

/** TabEntryRow is a charge, or a refund with a negative amount. */
interface TabEntryRow {
  readonly description: string;
  readonly minorUnits: bigint;
}

/** TabRecord is a tab with its entries in the order in which they were made. */
export interface TabRecord {
  readonly row: TabRow;
  readonly entries: readonly TabEntryRow[];
  readonly balance: bigint;
}

/**
 * inTrip runs a transaction that is alone with the trip: others of the same trip wait for its end.
 * The lock is the first thing that a transaction takes, so that two never wait for each other, and
 * it needs no row, so that compensating what never happened and a late copy of it cannot miss each other.
 */
export function inTrip<T>(
  db: Kysely<BillingTables>,
  tripId: string,
  run: (tx: Transaction<BillingTables>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${tripId}::uuid::text, 0))`.execute(tx);
    return run(tx);
  });
}

/** findTab reads the trip's tab; undefined when it has none. */
export function findTab(db: Kysely<BillingTables>, tripId: string): Promise<TabRow | undefined> {
  return db.selectFrom("tabs").selectAll().where("trip_id", "=", tripId).executeTakeFirst();
}

/** insertTab adds a tab and returns it as it is stored. */
export function insertTab(
  tx: Transaction<BillingTables>,
  tab: Insertable<TabTable>,
): Promise<TabRow> {
  return tx.insertInto("tabs").values(tab).returningAll().executeTakeFirstOrThrow();
}

/** updateTab changes the trip's tab and returns it as it is then. */
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

/** addCharge adds a charge that was made under the key. */
export async function addCharge(
  tx: Transaction<BillingTables>,
  charge: {
    readonly tripId: string;
    readonly key: string;
    readonly description: string;
    readonly minorUnits: bigint;
  },
): Promise<void> {
  await tx
    .insertInto("tab_entries")
    .values({
      trip_id: charge.tripId,
      kind: "charge",
      charge_key: charge.key,
      description: charge.description,
      minor_units: charge.minorUnits,
    })
    .execute();
}

/** findCharge reads the charge made under the key and whether it is refunded. */
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

/** addRefund takes the charge made under the key back. The table allows it once. */
export async function addRefund(tx: Transaction<BillingTables>, key: string): Promise<void> {
  await tx
    .insertInto("tab_entries")
    .columns(["trip_id", "kind", "charge_key", "description", "minor_units"])
    .expression((eb) =>
      eb
        .selectFrom("tab_entries")
        .select((row) => [
          "trip_id",
          row.val("refund").as("kind"),
          "charge_key",
          sql<string>`'Refund: ' || description`.as("description"),
          sql<bigint>`-minor_units`.as("minor_units"),
        ])
        .where("charge_key", "=", key)
        .where("kind", "=", "charge"),
    )
    .execute();
}

/** balanceOf is the trip's charges less its refunds, in minor units. */
export async function balanceOf(db: Kysely<BillingTables>, tripId: string): Promise<bigint> {
  const { balance } = await db
    .selectFrom("tab_entries")
    .select(sql<string>`coalesce(sum(minor_units), 0)::bigint`.as("balance"))
    .where("trip_id", "=", tripId)
    .executeTakeFirstOrThrow();
  return BigInt(balance);
}

/** readTab reads the tab with its entries; undefined when the trip has none. */
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
    balance: await balanceOf(db, tripId),
  };
}
