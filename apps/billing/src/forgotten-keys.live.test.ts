import { type Client, Code } from "@connectrpc/connect";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { catchRefusal, withIdempotencyKey } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  euros,
  newTrip,
  readAccount,
  startTestBilling,
  type TestBilling,
  type TestTrip,
  worker,
} from "../test/test-billing.ts";

let test: TestBilling;
let billing: Client<typeof BillingService>;
beforeAll(async () => {
  test = await startTestBilling();
  billing = test.as(worker);
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

/** What comes before a call, the call, and another one under its key with the code of its refusal. */
interface Sample {
  readonly before?: (trip: TestTrip) => Promise<unknown>;
  readonly call: (trip: TestTrip) => Promise<unknown>;
  readonly another?: (trip: TestTrip) => Promise<unknown>;
}

const open = ({ open: request, openKey }: TestTrip) => billing.openTab(request, openKey);
const chargeFee = (trip: TestTrip) => billing.charge(trip.fee, trip.feeKey);
const openAndCharge = async (trip: TestTrip) => {
  await open(trip);
  await chargeFee(trip);
};

const capture = async (trip: TestTrip) => {
  await openAndCharge(trip);
  await billing.captureTab({ tripId: trip.tripId }, trip.captureKey);
};

/** The sample of every method that the service has: a new one has to be added. */
const samples: Record<keyof typeof BillingService.method, Sample> = {
  openTab: {
    call: open,
    another: ({ open: request, openKey }) =>
      billing.openTab({ ...request, limit: euros(1) }, openKey),
  },
  charge: {
    before: open,
    call: chargeFee,
    another: ({ fee, feeKey }) => billing.charge({ ...fee, amount: euros(99) }, feeKey),
  },
  captureTab: {
    before: openAndCharge,
    call: ({ tripId, captureKey }) => billing.captureTab({ tripId }, captureKey),
  },
  refund: {
    before: openAndCharge,
    call: ({ tripId, feeKey }) => billing.refund({ tripId }, feeKey),
  },
  voidTab: {
    before: openAndCharge,
    call: ({ tripId, openKey }) => billing.voidTab({ tripId }, openKey),
  },
  refundCapture: {
    before: capture,
    call: (trip) => billing.refundCapture(trip.partRefund, trip.refundKey),
    another: (trip) =>
      billing.refundCapture({ ...trip.partRefund, amount: euros(39) }, trip.refundKey),
  },
  getLedger: { before: capture, call: ({ tripId }) => billing.getLedger({ tripId }) },
  checkLedger: { before: capture, call: () => billing.checkLedger({}) },
  getTab: { before: openAndCharge, call: ({ tripId }) => billing.getTab({ tripId }) },
};

const forgetKeys = () => sql`delete from idempotency_keys`.execute(test.db);

/** Reads everything that billing and its gateway have of a trip. */
async function readAll({ tripId }: TestTrip) {
  const byTrip = (table: "tabs" | "tab_entries" | "journal" | "capture_refunds") =>
    test.db.selectFrom(table).selectAll().where("trip_id", "=", tripId).execute();
  const [tabs, entries, journal, refunds] = await Promise.all(
    (["tabs", "tab_entries", "journal", "capture_refunds"] as const).map(byTrip),
  );
  return { tabs, entries, journal, refunds, gateway: await readAccount(test.db, tripId) };
}

describe("keys: what already happened is the answer when the keys are deleted", () => {
  it.each(Object.entries(samples))("%s", async (_, { before, call, another }) => {
    const trip = newTrip();
    await before?.(trip);
    const first = await call(trip);
    const all = await readAll(trip);
    for (let times = 0; times < 2; times++) {
      await forgetKeys();
      expect(await call(trip)).toEqual(first);
      expect(await readAll(trip)).toEqual(all);
    }
    if (another === undefined) return;
    await forgetKeys();
    expect((await catchRefusal(another(trip))).code).toBe(Code.AlreadyExists);
    expect(await readAll(trip)).toEqual(all);
  });

  it.each(["captured", "open"])("a charge and the tab of a trip that is %s", async (state) => {
    const trip = newTrip();
    await openAndCharge(trip);
    if (state === "captured") await billing.captureTab({ tripId: trip.tripId }, trip.captureKey);
    const all = await readAll(trip);
    await forgetKeys();
    await openAndCharge(trip);
    expect(await readAll(trip)).toEqual(all);
  });

  it("a compensated step is refused for good, whether it happened or not", async () => {
    for (const before of [async () => undefined, open, openAndCharge]) {
      const trip = newTrip();
      await before(trip);
      await billing.refund({ tripId: trip.tripId }, trip.feeKey);
      await forgetKeys();
      expect((await catchRefusal(chargeFee(trip))).code).toBe(Code.FailedPrecondition);
      await billing.voidTab({ tripId: trip.tripId }, trip.openKey);
      await forgetKeys();
      expect((await catchRefusal(open(trip))).code).toBe(Code.FailedPrecondition);
      expect((await readAll(trip)).gateway).toMatchObject({ held: 0, taken: 0 });
    }
  });

  it("the same charge under another key is another charge", async () => {
    const trip = newTrip();
    await openAndCharge(trip);
    await billing.charge(trip.fee, withIdempotencyKey(`trip/${trip.tripId}/another`));
    expect(await test.readBalance(trip.tripId)).toBe(200n);
  });
});
