import { create } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type Client, Code } from "@connectrpc/connect";
import {
  type BillingService,
  RefundCaptureRequestSchema,
} from "@fanfare/contracts/billing/v1/billing";
import { catchRefusal, retryWhileUnavailable, withIdempotencyKey } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  euros,
  newTrip,
  readAccount,
  startTestBilling,
  type TestBilling,
  type TestTrip,
  worker,
} from "../../test/test-billing.ts";
import { findLedgerFaults } from "../ledger/find-ledger-faults.ts";

let test: TestBilling;
let billing: Client<typeof BillingService>;
beforeAll(async () => {
  test = await startTestBilling();
  billing = test.as(worker);
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

/** Creates a trip with a captured tab of 1350 cents. */
async function captureTrip(paymentMethod?: string): Promise<TestTrip> {
  const trip = await test.openTrip(paymentMethod);
  await billing.charge(trip.fee, trip.feeKey);
  await billing.charge(trip.fare, trip.fareKey);
  await billing.captureTab({ tripId: trip.tripId }, trip.captureKey);
  return trip;
}

const refund = ({ tripId }: TestTrip, cents: number, key: string = crypto.randomUUID()) =>
  billing.refundCapture({ tripId, amount: euros(cents) }, withIdempotencyKey(key));

describe("RefundCapture", () => {
  it("refunds once for each key, in part and then the rest", async () => {
    const trip = await captureTrip();
    const { tripId } = trip;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        retryWhileUnavailable(() => billing.refundCapture(trip.partRefund, trip.refundKey)),
      ),
    );
    for (const { refunded } of answers) expect(refunded).toMatchObject(euros(40));
    expect(await readAccount(test.db, tripId)).toMatchObject({ taken: 1310 });
    await refund(trip, 1310);
    const { tab } = await billing.getTab({ tripId });
    expect(tab).toMatchObject({ captured: euros(1350), refunded: euros(1350), balance: euros(0) });
    expect(tab?.entries.map(({ amount }) => Number(amount?.minorUnits))).toEqual([
      100, 1250, -40, -1310,
    ]);
    expect(await readAccount(test.db, tripId)).toMatchObject({ taken: 0 });
    expect(await findLedgerFaults(test.db, 10)).toEqual([]);
  });

  it("was made also for a worker that repeats it with a field of another version", async () => {
    const trip = await captureTrip();
    const request = create(RefundCaptureRequestSchema, trip.partRefund);
    request.$unknown = [{ no: 99, wireType: WireType.Varint, data: new Uint8Array([1]) }];
    const versions = [trip.partRefund, request];
    for (const _ of ["at the same time", "later"]) {
      const calls = versions.map((one) =>
        retryWhileUnavailable(() => billing.refundCapture(one, trip.refundKey)),
      );
      for (const { refunded } of await Promise.all(calls)) {
        expect(refunded).toMatchObject(euros(40));
      }
    }
    expect(await readAccount(test.db, trip.tripId)).toMatchObject({ taken: 1310 });
    const other = { ...trip.partRefund, amount: euros(41) };
    const refusal = await catchRefusal(billing.refundCapture(other, trip.refundKey));
    expect(refusal.code).toBe(Code.AlreadyExists);
  });

  it("refuses more than what is captured and not refunded, also from concurrent calls", async () => {
    const trip = await captureTrip();
    const more = await catchRefusal(refund(trip, 1351));
    expect(more.code).toBe(Code.OutOfRange);
    expect(more.rawMessage).toContain("refund at most 1350");
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) =>
        retryWhileUnavailable(() => refund(trip, 500, `${trip.tripId}/${index}`)),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect(await readAccount(test.db, trip.tripId)).toMatchObject({ taken: 350 });
  });

  it("refuses another currency, and an amount that is not above zero", async () => {
    const trip = await captureTrip();
    const amount = { minorUnits: 1n, currency: "USD" };
    const key = withIdempotencyKey(crypto.randomUUID());
    const dollars = await catchRefusal(billing.refundCapture({ tripId: trip.tripId, amount }, key));
    expect(dollars.code).toBe(Code.InvalidArgument);
    expect(dollars.rawMessage).toContain("refund in EUR");
    for (const cents of [0, -1]) {
      expect((await catchRefusal(refund(trip, cents))).code).toBe(Code.InvalidArgument);
    }
    expect(await readAccount(test.db, trip.tripId)).toMatchObject({ taken: 1350 });
  });

  it("refuses a tab that is not captured, and a trip without one", async () => {
    const open = await test.openTrip();
    await billing.charge(open.fee, open.feeKey);
    for (const trip of [open, newTrip()]) {
      const refusal = await catchRefusal(refund(trip, 1));
      expect(refusal.code).toBe(Code.FailedPrecondition);
      expect(refusal.rawMessage).toContain("only a captured tab can be refunded");
    }
  });

  it("gives back what the gateway declines, for good under its key", async () => {
    const trip = await captureTrip("pm_card_refundFail");
    for (let times = 0; times < 2; times++) {
      const declined = await catchRefusal(refund(trip, 1350, `${trip.tripId}/declined`));
      expect(declined.code).toBe(Code.FailedPrecondition);
      expect(declined.rawMessage).toContain("is declined");
    }
    const { tab } = await billing.getTab({ tripId: trip.tripId });
    expect(tab).toMatchObject({ refunded: euros(0), balance: euros(1350) });
    const again = await catchRefusal(refund(trip, 1350));
    expect(again.code).toBe(Code.FailedPrecondition);
  });

  it.each(["before", "after"])("completes a refund that crashed %s the gateway", async (when) => {
    const trip = await captureTrip();
    const crashing = test.as(worker, {
      ...test.gateway,
      async refund(request) {
        if (when === "after") await test.gateway.refund(request);
        throw new Error("the process crashes here");
      },
    });
    const cut = await catchRefusal(crashing.refundCapture(trip.partRefund, trip.refundKey));
    expect(cut.code).toBe(Code.Unavailable);
    // The amount counts as refunded until it is known not to be.
    expect((await catchRefusal(refund(trip, 1311))).code).toBe(Code.OutOfRange);
    await billing.refundCapture(trip.partRefund, trip.refundKey);
    expect(await readAccount(test.db, trip.tripId)).toMatchObject({ taken: 1310 });
    expect(await test.readBalance(trip.tripId)).toBe(1310n);
  });
});
