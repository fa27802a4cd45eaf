import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { accounts, transactionKinds } from "./accounts.ts";

const list = (names: readonly string[]) => sql.join(names.map((name) => sql.lit(name)));

const createJournal = sql`
  create table journal (
    transaction_id bigint primary key generated always as identity,
    trip_id uuid not null references tabs (trip_id),
    kind text not null check (kind in (${list(transactionKinds)})),
    key text not null,
    currency text not null,
    posted_at timestamptz not null default now(),
    unique (kind, key)
  )`;

/** Debits are positive, credits negative. */
const createPostings = sql`
  create table postings (
    transaction_id bigint not null references journal (transaction_id),
    account text not null check (account in (${list(accounts)})),
    minor_units bigint not null,
    primary key (transaction_id, account)
  )`;

/** What the tables without a ledger have: charges and reversals, captured tabs, and voided tabs with charges. */
const backfill = [
  sql`
    insert into journal (trip_id, kind, key, currency)
    select trip_id, case kind when 'charge' then 'CHARGE' else 'REVERSAL' end, charge_key, currency
    from tab_entries join tabs using (trip_id) order by entry_id`,
  sql`
    update tab_entries entry set transaction_id = journal.transaction_id from journal
    where journal.key = entry.charge_key
      and journal.kind = case entry.kind when 'charge' then 'CHARGE' else 'REVERSAL' end`,
  sql`
    insert into postings (transaction_id, account, minor_units)
    select transaction_id, 'RECEIVABLE', minor_units from tab_entries
    union all
    select transaction_id, case regexp_replace(description, '^Refund: ', '')
      when 'Unlock fee' then 'FEES' when 'Fare' then 'FARES' else 'OTHER_CHARGES' end, -minor_units
    from tab_entries`,
  sql`
    insert into journal (trip_id, kind, key, currency)
    select trip_id, 'CAPTURE', 'tab/' || trip_id || '/capture', currency
    from tabs where state = 'captured' and captured_minor_units <> 0`,
  sql`
    insert into journal (trip_id, kind, key, currency)
    select trip_id, 'WRITE_OFF', 'tab/' || trip_id || '/void', currency from tabs
    where state = 'void' and 0 <>
      (select sum(minor_units) from tab_entries entry where entry.trip_id = tabs.trip_id)`,
  sql`
    with closed as (
      select transaction_id, kind, (select sum(minor_units) from tab_entries entry
        where entry.trip_id = journal.trip_id) as minor_units
      from journal where kind in ('CAPTURE', 'WRITE_OFF')
    )
    insert into postings (transaction_id, account, minor_units)
    select transaction_id, 'RECEIVABLE', -minor_units from closed
    union all
    select transaction_id, case kind when 'CAPTURE' then 'GATEWAY' else 'ADJUSTMENTS' end, minor_units
    from closed`,
];

const refuseChanges = sql`
  create function refuse_ledger_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the ledger is append-only: post a transaction that corrects another';
    end
  $$`;

/** A row of either table has to be part of a transaction that balances at the commit. */
const requireBalance = sql`
  create function require_balance() returns trigger language plpgsql as $$
    declare
      legs bigint;
      total numeric;
    begin
      select count(*), coalesce(sum(minor_units), 0) into legs, total
      from postings where transaction_id = new.transaction_id;
      if legs < 2 or total <> 0 then
        raise exception 'transaction % of the journal does not balance: expected two postings or more that sum to 0, got % that sum to %',
          new.transaction_id, legs, total;
      end if;
      return null;
    end
  $$`;

/** Also keeps processes of older versions, which post nothing, from closing a tab. */
const requireNothingOwed = sql`
  create function require_nothing_owed() returns trigger language plpgsql as $$
    declare
      owed numeric;
    begin
      select coalesce(sum(minor_units), 0) into owed
      from journal join postings using (transaction_id)
      where trip_id = new.trip_id and account = 'RECEIVABLE';
      if owed <> 0 then
        raise exception 'the tab of trip % is % and % are owed: expected 0', new.trip_id, new.state, owed;
      end if;
      return null;
    end
  $$`;

const triggers = [
  ...["journal", "postings"].flatMap((table) => [
    sql`
      create trigger append_only before update or delete or truncate on ${sql.table(table)}
      for each statement execute function refuse_ledger_change()`,
    sql`
      create constraint trigger balanced after insert on ${sql.table(table)}
      deferrable initially deferred for each row execute function require_balance()`,
  ]),
  sql`
    create constraint trigger nothing_owed after update of state on tabs
    deferrable initially deferred for each row
    when (old.state is distinct from new.state and new.state in ('captured', 'void'))
    execute function require_nothing_owed()`,
];

/** Adds the ledger and fills it from the tabs and their entries. */
export const ledgerMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await createJournal.execute(db);
    await createPostings.execute(db);
    await sql`create index journal_of_trip on journal (trip_id, transaction_id)`.execute(db);
    await sql`alter table tab_entries add column transaction_id bigint references journal`.execute(
      db,
    );
    for (const statement of backfill) await statement.execute(db);
    await sql`alter table tab_entries alter column transaction_id set not null`.execute(db);
    for (const statement of [refuseChanges, requireBalance, requireNothingOwed, ...triggers]) {
      await statement.execute(db);
    }
  },
};
