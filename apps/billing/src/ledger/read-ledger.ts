import { type Kysely, type Selectable, sql } from "kysely";
import type { BillingTables, JournalTable } from "../tables.ts";
import type { Account } from "./accounts.ts";

/** A posting, or the sum of those of an account and a currency. */
export interface PostingRow {
  readonly account: Account;
  readonly currency: string;
  /** Decimal digits. */
  readonly minor_units: string;
}

/** A transaction of the journal with its postings. */
export type JournalRow = Selectable<JournalTable> & { readonly postings: readonly PostingRow[] };

/** Returns the transactions before a position, of one trip or of all, the newest first. */
export async function listJournal(
  db: Kysely<BillingTables>,
  page: {
    readonly tripId: string | undefined;
    readonly after: string | undefined;
    readonly limit: number;
  },
): Promise<JournalRow[]> {
  let query = db
    .selectFrom("journal")
    .selectAll()
    .select(
      // As text: JSON numbers lose digits.
      sql<PostingRow[]>`array(
        select json_build_object('account', account, 'currency', currency,
          'minor_units', minor_units::text)
        from postings where postings.transaction_id = journal.transaction_id order by account
      )`.as("postings"),
    );
  if (page.tripId !== undefined) query = query.where("trip_id", "=", page.tripId);
  if (page.after !== undefined) query = query.where("transaction_id", "<", page.after);
  return await query.orderBy("transaction_id", "desc").limit(page.limit).execute();
}

/** Returns the sum of the postings of each account and currency, of one trip or of all. */
export async function readBalances(
  db: Kysely<BillingTables>,
  tripId: string | undefined,
): Promise<PostingRow[]> {
  let query = db
    .selectFrom("journal")
    .innerJoin("postings", "postings.transaction_id", "journal.transaction_id")
    .select(["account", "currency", sql<string>`sum(minor_units)::bigint`.as("minor_units")]);
  if (tripId !== undefined) query = query.where("trip_id", "=", tripId);
  return await query
    .groupBy(["account", "currency"])
    .orderBy("currency")
    .orderBy("account")
    .execute();
}
