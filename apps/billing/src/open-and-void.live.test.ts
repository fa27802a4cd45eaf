import { type Client, Code } from "@connectrpc/connect";
import { type BillingService, TabState } from "@fanfare/contracts/billing/v1/billing";
import { catchRefusal, retryWhileUnavailable, withIdempotencyKey } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  euros,
  newTrip,
  readAccount,
  startTestBilling,
  type TestBilling,
  worker,
} from "../test/test-billing.ts";

let test: TestBilling;
let billing: Client<typeof BillingService>;

beforeAll(async () => {
  test = await startTestBilling();
  billing = test.as(worker);
}, 120_000);

afterAll(async () => {
  await test?.[Symbol.asyncDispose]();
}, 60_000);

describe("OpenTab", () => {
  it("authorises the limit and takes nothing", async () => {
    const { tripId, open, openKey } = newTrip();
    const { tab } = await billing.openTab(open, openKey);
    expect(tab).toMatchObject({
      tripId,
      riderId: "rider-1",
      paymentMethod: "pm_card_visa",
      state: TabState.OPEN,
      limit: euros(5000),
      entries: [],
      balance: euros(0),
    });
    expect(tab?.captured).toBeUndefined();
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("refuses a declined payment method, and leaves no tab", async () => {
    const { tripId, open, openKey } = newTrip("pm_card_chargeDeclined");
    const error = await catchRefusal(billing.openTab(open, openKey));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toBe("the payment method is declined: use another one");
    expect((await catchRefusal(billing.getTab({ tripId }))).code).toBe(Code.NotFound);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 0, held: 0, taken: 0 });
  });

  it("refuses an unknown payment method and names the known ones", async () => {
    const { tripId, open, openKey } = newTrip("toString");
    const error = await catchRefusal(billing.openTab(open, openKey));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toBe(
      "the gateway has no such payment method: use one of pm_card_visa, pm_card_chargeDeclined, pm_card_chargeCustomerFail, pm_card_refundFail",
    );
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 0, held: 0, taken: 0 });
  });

  it("accepts a call that was refused before", async () => {
    const { tripId, open, openKey } = newTrip("pm_card_chargeDeclined");
    await catchRefusal(billing.openTab(open, openKey));
    await catchRefusal(billing.openTab(open, openKey));
    const { tab } = await billing.openTab({ ...open, paymentMethod: "pm_card_visa" }, openKey);
    expect(tab?.paymentMethod).toBe("pm_card_visa");
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it.each([0, -1])("refuses a limit of %i", async (minorUnits) => {
    const { open, openKey } = newTrip();
    const error = await catchRefusal(
      billing.openTab({ ...open, limit: euros(minorUnits) }, openKey),
    );
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toContain("send an amount above zero");
  });

  it("returns the same answer to a repeated call, whatever happened since", async () => {
    const { tripId, open, openKey, fee, feeKey } = newTrip();
    const first = await billing.openTab(open, openKey);
    await billing.charge(fee, feeKey);
    expect(await billing.openTab(open, openKey)).toEqual(first);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("returns the same answer to twenty concurrent equal calls, and authorises once", async () => {
    const { tripId, open, openKey } = newTrip();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => retryWhileUnavailable(() => billing.openTab(open, openKey))),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("refuses other contents under the same key, even for another trip", async () => {
    const { tripId, open, openKey } = await test.openTrip();
    const larger = await catchRefusal(billing.openTab({ ...open, limit: euros(9000) }, openKey));
    expect(larger.code).toBe(Code.AlreadyExists);
    const other = newTrip();
    const elsewhere = await catchRefusal(billing.openTab(other.open, openKey));
    expect(elsewhere.code).toBe(Code.AlreadyExists);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
    expect(await readAccount(test.db, other.tripId)).toEqual({ granted: 0, held: 0, taken: 0 });
  });

  it("refuses a second tab for the trip under another key", async () => {
    const { tripId, open } = await test.openTrip();
    const error = await catchRefusal(
      billing.openTab(open, withIdempotencyKey(`trip/${tripId}/again`)),
    );
    expect(error.code).toBe(Code.AlreadyExists);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });
});

describe("VoidTab", () => {
  it("releases the authorisation, and may be repeated", async () => {
    const { tripId, openKey } = await test.openTrip();
    await Promise.all(
      Array.from({ length: 5 }, () =>
        retryWhileUnavailable(() => billing.voidTab({ tripId }, openKey)),
      ),
    );
    await billing.voidTab({ tripId }, openKey);
    const { tab } = await billing.getTab({ tripId });
    expect(tab?.state).toBe(TabState.VOID);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("succeeds without a tab, and refuses a late OpenTab", async () => {
    const { tripId, open, openKey } = newTrip();
    await billing.voidTab({ tripId }, openKey);
    const error = await catchRefusal(billing.openTab(open, openKey));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 0, held: 0, taken: 0 });
  });

  it("prevents that the tab is opened again under any key", async () => {
    const { tripId, open, openKey } = await test.openTrip();
    await billing.voidTab({ tripId }, openKey);
    for (const key of [openKey, withIdempotencyKey(`trip/${tripId}/another`)]) {
      expect((await catchRefusal(billing.openTab(open, key))).code).toBe(Code.FailedPrecondition);
    }
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("succeeds after the payment method was declined", async () => {
    const { tripId, open, openKey } = newTrip("pm_card_chargeDeclined");
    await catchRefusal(billing.openTab(open, openKey));
    await billing.voidTab({ tripId }, openKey);
    const error = await catchRefusal(
      billing.openTab({ ...open, paymentMethod: "pm_card_visa" }, openKey),
    );
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 0, held: 0, taken: 0 });
  });

  it("refuses a captured tab", async () => {
    const { tripId, openKey, fee, feeKey, captureKey } = await test.openTrip();
    await billing.charge(fee, feeKey);
    await billing.captureTab({ tripId }, captureKey);
    const error = await catchRefusal(billing.voidTab({ tripId }, openKey));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toContain("is captured and cannot be voided");
    expect(await readAccount(test.db, tripId)).toMatchObject({ taken: 100 });
  });

  it("leaves nothing held when it is concurrent with OpenTab", async () => {
    const trips = Array.from({ length: 20 }, () => newTrip());
    await Promise.all(
      trips.flatMap(({ tripId, open, openKey }) => [
        billing.openTab(open, openKey).catch(() => {}),
        retryWhileUnavailable(() => billing.voidTab({ tripId }, openKey)),
      ]),
    );
    for (const { tripId } of trips) {
      expect(await readAccount(test.db, tripId)).toMatchObject({ held: 0, taken: 0 });
    }
  });
});
