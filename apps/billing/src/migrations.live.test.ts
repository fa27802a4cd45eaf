import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findLedgerFaults } from "./ledger/find-ledger-faults.ts";
import { readBalances } from "./ledger/read-ledger.ts";
import { migrations } from "./migrations.ts";
import type { BillingTables } from "./tables.ts";

const isOlder = (name: string) => name < "0006";

const tabs = {
  open: { state: "open", captured: null, entries: [100, 1250, -1250] },
  captured: { state: "captured", captured: 1350, entries: [100, 1250] },
  capturing: { state: "capturing", captured: 100, entries: [100] },
  free: { state: "captured", captured: 0, entries: [] },
  void: { state: "void", captured: null, entries: [100, 1250, -1250] },
  declined: { state: "declined", captured: null, entries: [] },
} as const;
const tripIds = Object.fromEntries(Object.keys(tabs).map((name) => [name, crypto.randomUUID()]));

let database: TestDatabase<BillingTables>;
beforeAll(async () => {
  const all = Object.entries(migrations);
  database = await openTestDatabase<BillingTables>({
    name: "billing",
    migrations: Object.fromEntries(all.filter(([name]) => isOlder(name))),
  });
  const { db } = database;
  for (const [name, { state, captured, entries }] of Object.entries(tabs)) {
    const tripId = tripIds[name];
    await sql`
      insert into tabs (trip_id, rider_id, payment_method, currency, limit_minor_units, state,
        opened_under, authorisation_id, captured_minor_units)
      values (${tripId}, 'rosa', 'pm_card_visa', 'EUR', 5000, ${state}, 'key', 'authorisation',
        ${captured})`.execute(db);
    for (const minorUnits of entries) {
      const text = Math.abs(minorUnits) === 100 ? "Unlock fee" : "Fare";
      await sql`
        insert into tab_entries (trip_id, kind, charge_key, description, minor_units)
        values (${tripId}, ${minorUnits < 0 ? "refund" : "charge"}, ${`${tripId}/${text}`},
          ${minorUnits < 0 ? `Refund: ${text}` : text}, ${minorUnits})`.execute(db);
    }
  }
  await db.transaction().execute(async (tx) => {
    for (const [name, migration] of all) if (!isOlder(name)) await migration.up(tx);
  });
}, 60_000);
afterAll(() => database?.[Symbol.asyncDispose]());

async function readAccounts(name: keyof typeof tabs) {
  const rows = await readBalances(database.db, tripIds[name]);
  return Object.fromEntries(rows.map((row) => [row.account, Number(row.minor_units)]));
}

it("the ledger begins with what the tabs of older versions have", async () => {
  expect(await readAccounts("open")).toEqual({ RECEIVABLE: 100, FEES: -100, FARES: 0 });
  const paid = { RECEIVABLE: 0, FEES: -100, FARES: -1250, GATEWAY: 1350 };
  expect(await readAccounts("captured")).toEqual(paid);
  expect(await readAccounts("capturing")).toEqual({ RECEIVABLE: 100, FEES: -100 });
  expect(await readAccounts("free")).toEqual({});
  const written = { RECEIVABLE: 0, FEES: -100, FARES: 0, ADJUSTMENTS: 100 };
  expect(await readAccounts("void")).toEqual(written);
  expect(await readAccounts("declined")).toEqual({});
  expect(await findLedgerFaults(database.db, 10)).toEqual([]);
});

it("a process of an older version, which posts nothing, adds no charge and captures nothing", async () => {
  const { db } = database;
  const tripId = tripIds["capturing"];
  const charge = sql`
    insert into tab_entries (trip_id, kind, charge_key, description, minor_units)
    values (${tripId}, 'charge', 'late', 'Fare', 1)`;
  await expect(charge.execute(db)).rejects.toThrow(/transaction_id/);
  const capture = sql`update tabs set state = 'captured' where trip_id = ${tripId}`;
  await expect(capture.execute(db)).rejects.toThrow(/is captured and 100 are owed/);
});
