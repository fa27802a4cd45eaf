import { type Client, Code } from "@connectrpc/connect";
import type { BillingService } from "@fanfare/contracts/billing/v1/billing";
import type { Caller } from "@fanfare/service";
import { catchRefusal, withIdempotencyKey } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  newTrip,
  operator,
  rider,
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

/** Makes each writing call and returns the errors. */
function catchWriteRefusals(caller: Caller, key: ReturnType<typeof withIdempotencyKey> | object) {
  const { tripId, open, fee, partRefund } = newTrip();
  const client = test.as(caller);
  const calls = [
    client.openTab(open, key),
    client.charge(fee, key),
    client.refund({ tripId }, key),
    client.captureTab({ tripId }, key),
    client.voidTab({ tripId }, key),
    client.refundCapture(partRefund, key),
  ];
  return Promise.all(calls.map(catchRefusal));
}

describe("GetTab", () => {
  it("throws not_found for a trip without a tab", async () => {
    const error = await catchRefusal(billing.getTab({ tripId: newTrip().tripId }));
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toContain("open one with OpenTab");
  });

  it("is allowed for operators, and not for riders", async () => {
    const { tripId } = await test.openTrip();
    const { tab } = await test.as(operator).getTab({ tripId });
    expect(tab?.tripId).toBe(tripId);
    expect((await catchRefusal(test.as(rider).getTab({ tripId }))).code).toBe(
      Code.PermissionDenied,
    );
  });
});

describe("invalid calls", () => {
  it.each([rider, operator])("are refused when a $role writes", async (caller) => {
    for (const error of await catchWriteRefusals(caller, withIdempotencyKey("key"))) {
      expect(error.code).toBe(Code.PermissionDenied);
    }
  });

  it("are refused without an idempotency-key", async () => {
    for (const error of await catchWriteRefusals(worker, {})) {
      expect(error.code).toBe(Code.InvalidArgument);
      expect(error.rawMessage).toContain("idempotency-key");
    }
  });

  it.each([
    { tripId: "trip-1" },
    { riderId: "" },
    { paymentMethod: "" },
    { limit: { minorUnits: 100n, currency: "euro" } },
  ])("are refused with a malformed field: %o", async (wrong) => {
    const { open, openKey } = newTrip();
    const error = await catchRefusal(billing.openTab({ ...open, ...wrong }, openKey));
    expect(error.code).toBe(Code.InvalidArgument);
  });

  it("are refused without a limit and without an amount", async () => {
    const { openKey, feeKey, tripId } = newTrip();
    const open = { tripId, riderId: "rider-1", paymentMethod: "pm_card_visa" };
    expect((await catchRefusal(billing.openTab(open, openKey))).code).toBe(Code.InvalidArgument);
    const fee = { tripId, description: "Unlock fee" };
    expect((await catchRefusal(billing.charge(fee, feeKey))).code).toBe(Code.InvalidArgument);
  });
});
