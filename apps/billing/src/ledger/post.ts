import { type Kysely, sql, type Transaction } from "kysely";
import type { BillingTables, TabRow } from "../tables.ts";
import type { Account, TransactionKind } from "./accounts.ts";
import { isIncome } from "./income.ts";

/** A transaction of the journal that moves an amount from one account to another. */
export interface Movement {
  readonly tripId: string;
  readonly kind: TransactionKind;
  /** Identifies the transaction among those of its kind. */
  readonly key: string;
  readonly currency: string;
  /** The account that is credited. */
  readonly from: Account;
  /** The account that is debited. */
  readonly to: Account;
  readonly minorUnits: bigint;
}

/**
 * Posts a transaction and returns its id. Returns undefined, and posts nothing, when one of its kind has the
 * key.
 */
export async function post(
  tx: Transaction<BillingTables>,
  { tripId, kind, key, currency, from, to, minorUnits }: Movement,
): Promise<string | undefined> {
  const posted = await tx
    .insertInto("journal")
    .values({ trip_id: tripId, kind, key, currency })
    .onConflict((conflict) => conflict.columns(["kind", "key"]).doNothing())
    .returning("transaction_id")
    .executeTakeFirst();
  if (posted === undefined) return undefined;
  const { transaction_id } = posted;
  await tx
    .insertInto("postings")
    .values([
      { transaction_id, account: to, minor_units: minorUnits },
      { transaction_id, account: from, minor_units: -minorUnits },
    ])
    .execute();
  return transaction_id;
}

/** Posts the opposite of a charge, to the same accounts, and returns the id of the transaction. */
export async function postReversal(
  tx: Transaction<BillingTables>,
  chargeKey: string,
): Promise<string> {
  const { rows } = await sql<{ transaction_id: string }>`
    with charge as (
      select * from journal where kind = 'CHARGE' and key = ${chargeKey}
    ), reversal as (
      insert into journal (trip_id, kind, key, currency)
      select trip_id, 'REVERSAL', key, currency from charge
      returning transaction_id
    ), reversed as (
      insert into postings (transaction_id, account, minor_units)
      select reversal.transaction_id, account, -minor_units
      from reversal, postings join charge using (transaction_id)
    )
    select transaction_id from reversal`.execute(tx);
  const [reversal] = rows;
  if (reversal === undefined) throw new Error(`the charge ${chargeKey} is not in the journal`);
  return reversal.transaction_id;
}

/** Posts that the gateway took the charges of a tab. */
export async function postCapture(
  tx: Transaction<BillingTables>,
  { trip_id: tripId, currency }: TabRow,
  minorUnits: bigint,
): Promise<void> {
  if (minorUnits === 0n) return;
  const key = `tab/${tripId}/capture`;
  const accounts = { from: "RECEIVABLE", to: "GATEWAY" } as const;
  await post(tx, { tripId, kind: "CAPTURE", key, currency, ...accounts, minorUnits });
}

/** Writes off what a voided tab has of charges. */
export async function postWriteOff(
  tx: Transaction<BillingTables>,
  { trip_id: tripId, currency }: TabRow,
): Promise<void> {
  const minorUnits = await readBalance(tx, tripId);
  if (minorUnits === 0n) return;
  const key = `tab/${tripId}/void`;
  const accounts = { from: "RECEIVABLE", to: "ADJUSTMENTS" } as const;
  await post(tx, { tripId, kind: "WRITE_OFF", key, currency, ...accounts, minorUnits });
}

/** Takes back what was written off of a charge that is refunded after its tab was voided. */
export async function postWriteBack(
  tx: Transaction<BillingTables>,
  { trip_id: tripId, currency }: TabRow,
  charge: { readonly key: string; readonly minorUnits: bigint },
): Promise<void> {
  const accounts = { from: "ADJUSTMENTS", to: "RECEIVABLE" } as const;
  await post(tx, { tripId, kind: "WRITE_OFF", currency, ...accounts, ...charge });
}

/** Returns what the ledger has of a trip's charges less its reversals and refunds, in minor units. */
export async function readBalance(db: Kysely<BillingTables>, tripId: string): Promise<bigint> {
  const { balance } = await db
    .selectFrom("journal")
    .innerJoin("postings", "postings.transaction_id", "journal.transaction_id")
    .select(sql<string>`coalesce(-sum(minor_units), 0)::bigint`.as("balance"))
    .where("trip_id", "=", tripId)
    .where(isIncome)
    .executeTakeFirstOrThrow();
  return BigInt(balance);
}
