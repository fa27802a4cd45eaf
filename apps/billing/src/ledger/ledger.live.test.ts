import type { Client } from "@connectrpc/connect";
import {
  Account,
  type BillingService,
  TransactionKind,
} from "@fanfare/contracts/billing/v1/billing";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { euros, startTestBilling, type TestBilling, worker } from "../../test/test-billing.ts";
import { createLedgerMetrics } from "./ledger-metrics.ts";

let test: TestBilling;
let billing: Client<typeof BillingService>;
beforeAll(async () => {
  test = await startTestBilling();
  billing = test.as(worker);
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

function nameAccount(account: Account): string {
  return Object.entries(Account).find(([, value]) => value === account)?.[0] ?? "";
}

/** Returns the balance of each account of a trip, in cents. */
async function readBalances(tripId: string): Promise<Record<string, number>> {
  const { balances } = await billing.getLedger({ tripId });
  return Object.fromEntries(
    balances.map(({ account, amount }) => [nameAccount(account), Number(amount?.minorUnits)]),
  );
}

async function chargeTrip() {
  const trip = await test.openTrip();
  await billing.charge(trip.fee, trip.feeKey);
  await billing.charge(trip.fare, trip.fareKey);
  return trip;
}

describe("the ledger", () => {
  it("has what a rider owes until the gateway takes it, and what it returns", async () => {
    const { tripId, captureKey, partRefund, refundKey } = await chargeTrip();
    const earned = { FEES: -100, FARES: -1250 };
    expect(await readBalances(tripId)).toEqual({ RECEIVABLE: 1350, ...earned });
    await billing.captureTab({ tripId }, captureKey);
    expect(await readBalances(tripId)).toEqual({ RECEIVABLE: 0, ...earned, GATEWAY: 1350 });
    await billing.refundCapture(partRefund, refundKey);
    const after = { RECEIVABLE: 0, ...earned, GATEWAY: 1310, REFUNDS: 40 };
    expect(await readBalances(tripId)).toEqual(after);
    expect(await billing.checkLedger({})).toMatchObject({ faults: [] });
  });

  it("reverses a charge on the accounts that it was posted to", async () => {
    const { tripId, feeKey, fareKey, openKey } = await chargeTrip();
    await billing.refund({ tripId }, fareKey);
    await billing.refund({ tripId }, feeKey);
    await billing.voidTab({ tripId }, openKey);
    expect(await readBalances(tripId)).toEqual({ RECEIVABLE: 0, FEES: 0, FARES: 0 });
  });

  it("writes off what a voided tab had, and takes that back with a late refund", async () => {
    const { tripId, feeKey, openKey } = await chargeTrip();
    await billing.voidTab({ tripId }, openKey);
    const earned = { FEES: -100, FARES: -1250 };
    expect(await readBalances(tripId)).toEqual({ RECEIVABLE: 0, ...earned, ADJUSTMENTS: 1350 });
    await billing.refund({ tripId }, feeKey);
    const late = { RECEIVABLE: 0, FEES: 0, FARES: -1250, ADJUSTMENTS: 1250 };
    expect(await readBalances(tripId)).toEqual(late);
    expect(await billing.checkLedger({})).toMatchObject({ faults: [] });
  });

  it("pages through the journal, the newest first", async () => {
    const { tripId, captureKey } = await chargeTrip();
    await billing.captureTab({ tripId }, captureKey);
    const first = await billing.getLedger({ tripId, pageSize: 2 });
    const rest = await billing.getLedger({ tripId, pageToken: first.nextPageToken });
    expect(rest.nextPageToken).toBe("");
    const transactions = [...first.transactions, ...rest.transactions];
    expect(transactions).toMatchObject([
      { tripId, kind: TransactionKind.CAPTURE },
      {
        kind: TransactionKind.CHARGE,
        postings: [
          { account: Account.FARES, amount: euros(-1250) },
          { account: Account.RECEIVABLE, amount: euros(1250) },
        ],
      },
      { kind: TransactionKind.CHARGE },
    ]);
  });
});

/** Statements that would leave a ledger that is not right. */
const forgeries: readonly [string, RegExp, (tripId: string) => ReturnType<typeof sql>][] = [
  [
    "a transaction whose postings do not sum to zero",
    /does not balance: .* got 2 that sum to 1/,
    (tripId) => sql`
      with posted as (
        insert into journal (trip_id, kind, key, currency)
        values (${tripId}, 'CHARGE', ${`forged/${tripId}`}, 'EUR') returning transaction_id
      )
      insert into postings select transaction_id, account, amount
      from posted, (values ('RECEIVABLE', 100), ('FEES', -99)) as leg (account, amount)`,
  ],
  [
    "a transaction without postings",
    /does not balance/,
    (tripId) => sql`
      insert into journal (trip_id, kind, key, currency)
      values (${tripId}, 'CHARGE', ${`forged/${tripId}`}, 'EUR')`,
  ],
  [
    "another posting of a transaction",
    /does not balance/,
    (tripId) => sql`
      insert into postings select transaction_id, 'GATEWAY', 1 from journal where trip_id = ${tripId}`,
  ],
  ["a changed posting", /append-only/, () => sql`update postings set minor_units = 0`],
  ["a removed transaction", /append-only/, () => sql`delete from journal`],
  [
    "a tab that is void while its rider owes something",
    /is void and 1350 are owed/,
    (tripId) => sql`update tabs set state = 'void' where trip_id = ${tripId}`,
  ],
];

describe("the database", () => {
  it.each(forgeries)("refuses to commit %s", async (_, message, forge) => {
    const { tripId } = await chargeTrip();
    await expect(forge(tripId).execute(test.db)).rejects.toThrow(message);
    expect(await billing.checkLedger({})).toMatchObject({ faults: [] });
  });
});

/** Changes the ledger as the owner of its tables can. */
async function changeFares(tripId: string, by: number): Promise<void> {
  await test.db.transaction().execute(async (tx) => {
    await sql`alter table postings disable trigger user`.execute(tx);
    await sql`
      update postings set minor_units = minor_units + ${by} from journal
      where postings.transaction_id = journal.transaction_id and trip_id = ${tripId}
        and account = 'FARES'`.execute(tx);
    await sql`alter table postings enable trigger user`.execute(tx);
  });
}

describe("CheckLedger", () => {
  it("finds a ledger that was changed behind the triggers, and the metric counts it", async () => {
    const { tripId } = await chargeTrip();
    let now = 0;
    await changeFares(tripId, 1);
    const { faults } = await billing.checkLedger({});
    expect(faults).toMatchObject([
      { tripId, description: "expected its postings to sum to 0, got 1" },
    ]);
    const readFaults = createLedgerMetrics(test.db, () => now);
    expect(await readFaults()).toMatchObject([{ samples: [{ value: 1 }] }]);
    await changeFares(tripId, -1);
    // Checked once a minute at most.
    expect(await readFaults()).toMatchObject([{ samples: [{ value: 1 }] }]);
    now = 60_000;
    expect(await readFaults()).toMatchObject([{ samples: [{ value: 0 }] }]);
  });
});

describe("the metric of the ledger", () => {
  it("reads the ledger once for scrapes at the same time, and a minute after a failure", async () => {
    let now = 0;
    let reads = 0;
    const failing = test.db.withPlugin({
      transformQuery: () => {
        reads += 1;
        throw new Error("statement timeout");
      },
      transformResult: async ({ result }) => result,
    });
    const readFaults = createLedgerMetrics(failing, () => now);
    const scrapes = await Promise.allSettled([readFaults(), readFaults()]);
    expect(scrapes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    now = 59_999;
    await expect(readFaults()).rejects.toThrow("statement timeout");
    expect(reads).toBe(1);
    now = 60_000;
    await expect(readFaults()).rejects.toThrow("statement timeout");
    expect(reads).toBe(2);
  });
});
