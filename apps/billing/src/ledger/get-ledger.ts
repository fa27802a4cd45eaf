import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  Account,
  type GetLedgerRequest,
  type GetLedgerResponseSchema,
  type JournalTransactionSchema,
  type PostingSchema,
  TransactionKind,
} from "@fanfare/contracts/billing/v1/billing";
import { paginate } from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { BillingTables } from "../tables.ts";
import { type JournalRow, listJournal, type PostingRow, readBalances } from "./read-ledger.ts";

const position = z.string().regex(/^\d{1,18}$/);

/** Returns the balances of the accounts and a page of the journal, of one trip or of all. */
export async function getLedger(
  db: Kysely<BillingTables>,
  request: GetLedgerRequest,
): Promise<MessageInitShape<typeof GetLedgerResponseSchema>> {
  const tripId = request.tripId === "" ? undefined : request.tripId;
  const { items, nextPageToken } = await paginate(request, {
    position,
    fetch: (range) => listJournal(db, { tripId, ...range }),
    toPosition: (row) => row.transaction_id,
  });
  const balances = await readBalances(db, tripId);
  return {
    balances: balances.map(toPosting),
    transactions: items.map(toTransaction),
    nextPageToken,
  };
}

function toTransaction(row: JournalRow): MessageInitShape<typeof JournalTransactionSchema> {
  return {
    transactionId: BigInt(row.transaction_id),
    tripId: row.trip_id,
    kind: TransactionKind[row.kind],
    postedAt: timestampFromDate(row.posted_at),
    postings: row.postings.map(toPosting),
  };
}

function toPosting({
  account,
  currency,
  minor_units,
}: PostingRow): MessageInitShape<typeof PostingSchema> {
  return {
    account: Account[account],
    amount: { minorUnits: BigInt(minor_units), currency },
  };
}
