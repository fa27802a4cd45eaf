import { Code, ConnectError } from "@connectrpc/connect";
import { TabState } from "@fanfare/contracts/billing/v1/billing";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  newTrip,
  readAccount,
  startTestBilling,
  type TestBilling,
  worker,
} from "../test/test-billing.ts";
import type { PaymentMethods } from "./payment-methods.ts";

const nothing = { granted: 0, held: 0, taken: 0 };

let test: TestBilling;
beforeAll(async () => {
  test = await startTestBilling();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

const billingWith = (findToken: PaymentMethods["findToken"]) =>
  test.as(worker, undefined, { findToken });
const rosas: PaymentMethods["findToken"] = async (riderId) =>
  riderId === "rosa" ? "pm_card_visa" : undefined;

const down = () => Promise.reject(new ConnectError("riders did not answer", Code.Unavailable));

describe("a payment method of riders", () => {
  it("is authorised under the gateway's token, and shown by its id", async () => {
    const { tripId, open, openKey } = newTrip("method-1");
    const { tab } = await billingWith(rosas).openTab({ ...open, riderId: "rosa" }, openKey);
    expect(tab).toMatchObject({ paymentMethod: "method-1", state: TabState.OPEN });
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("is refused with failed_precondition when it is another rider's, and nothing is authorised", async () => {
    const { tripId, open, openKey } = newTrip("method-1");
    const billing = billingWith(rosas);
    const error = await catchRefusal(billing.openTab({ ...open, riderId: "mallory" }, openKey));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toBe(
      "the payment method is not one of the rider: use one of their own, from ListPaymentMethods",
    );
    expect((await catchRefusal(billing.getTab({ tripId }))).code).toBe(Code.NotFound);
    await billing.voidTab({ tripId }, openKey);
    expect(await readAccount(test.db, tripId)).toEqual(nothing);
  });

  it("stays authorised when it is removed afterwards, also for a repeated call", async () => {
    const { tripId, open, openKey } = newTrip("method-1");
    const failing = test.as(
      worker,
      { ...test.gateway, authorise: () => Promise.reject(new Error("the gateway is away")) },
      { findToken: async () => "pm_card_visa" },
    );
    expect((await catchRefusal(failing.openTab(open, openKey))).code).toBe(Code.Unavailable);
    const removed = billingWith(async () => undefined);
    expect((await removed.openTab(open, openKey)).tab?.state).toBe(TabState.OPEN);
    expect((await removed.openTab(open, openKey)).tab?.state).toBe(TabState.OPEN);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });
});

describe("while riders is down", () => {
  it("OpenTab is unavailable, and a repeated call opens the tab once riders is back", async () => {
    const { tripId, open, openKey } = newTrip("method-1");
    const refusal = await catchRefusal(billingWith(down).openTab(open, openKey));
    expect(refusal.code).toBe(Code.Unavailable);
    expect(await readAccount(test.db, tripId)).toEqual(nothing);
    await billingWith(async () => "pm_card_visa").openTab(open, openKey);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("VoidTab ends a tab that was never authorised, without the gateway", async () => {
    const { tripId, open, openKey } = newTrip("method-1");
    await catchRefusal(billingWith(down).openTab(open, openKey));
    await billingWith(down).voidTab({ tripId }, openKey);
    const late = await catchRefusal(billingWith(rosas).openTab(open, openKey));
    expect(late.code).toBe(Code.FailedPrecondition);
    expect(await readAccount(test.db, tripId)).toEqual(nothing);
  });
});

it("leaves nothing held when the tab is voided while riders answers", async () => {
  const { tripId, open, openKey } = newTrip("method-1");
  const called = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const slow = billingWith(async () => {
    called.resolve();
    await release.promise;
    return "pm_card_visa";
  });
  const opening = catchRefusal(slow.openTab(open, openKey));
  await called.promise;
  await test.as(worker).voidTab({ tripId }, openKey);
  release.resolve();
  expect((await opening).code).toBe(Code.Aborted);
  expect(await readAccount(test.db, tripId)).toEqual(nothing);
});
