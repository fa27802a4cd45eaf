import { type Kysely, sql } from "kysely";
import type { BillingTables } from "../tables.ts";
import { isIncome } from "./income.ts";

/** A trip whose tab and ledger disagree. */
export interface LedgerFault {
  readonly tripId: string;
  /** What was expected and what was found. */
  readonly description: string;
}

/**
 * Compares the whole ledger with the tabs and returns up to `limit` trips that disagree. The postings of a trip
 * sum to zero; its income is the sum of the entries of its tab; the gateway has what was captured and not
 * refunded; and once the tab is captured or void, nothing is owed. Reads every posting.
 */
export async function findLedgerFaults(
  db: Kysely<BillingTables>,
  limit: number,
): Promise<LedgerFault[]> {
  const { rows } = await sql<LedgerFault>`
    with posted as (
      select trip_id, sum(minor_units) as total,
        coalesce(-sum(minor_units) filter (where ${isIncome}), 0) as income,
        coalesce(sum(minor_units) filter (where account = 'RECEIVABLE'), 0) as owed,
        coalesce(sum(minor_units) filter (where account = 'GATEWAY'), 0) as gateway
      from journal join postings using (transaction_id) group by trip_id
    ), entered as (
      select trip_id, sum(minor_units) as total from tab_entries group by trip_id
    ), refunded as (
      select trip_id, sum(minor_units) as total
      from capture_refunds where state = 'refunded' group by trip_id
    ), compared as (
      select tabs.trip_id, state, coalesce(posted.total, 0) as total,
        coalesce(income, 0) as income, coalesce(entered.total, 0) as entries,
        coalesce(owed, 0) as owed, coalesce(gateway, 0) as gateway,
        case state when 'captured' then captured_minor_units else 0 end
          - coalesce(refunded.total, 0) as kept
      from tabs
        left join posted using (trip_id)
        left join entered using (trip_id)
        left join refunded using (trip_id)
    )
    select trip_id::text as "tripId", case
      when total <> 0 then format('expected its postings to sum to 0, got %s', total)
      when income <> entries then format('expected an income of %s as in its tab, got %s', entries, income)
      when gateway <> kept then format('expected the gateway to have %s, got %s', kept, gateway)
      else format('expected nothing to be owed by a tab that is %s, got %s', state, owed)
    end as description
    from compared
    where total <> 0 or income <> entries or gateway <> kept
      or (state in ('captured', 'void') and owed <> 0)
    order by trip_id limit ${limit}`.execute(db);
  return rows;
}
