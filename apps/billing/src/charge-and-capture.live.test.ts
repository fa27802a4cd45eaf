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

describe("Charge", () => {
  it("adds charges up to the limit", async () => {
    const { tripId, fee, feeKey, fare, fareKey } = await test.openTrip();
    await billing.charge(fee, feeKey);
    const { tab } = await billing.charge({ ...fare, amount: euros(4900) }, fareKey);
    expect(tab?.entries).toMatchObject([
      { description: "Unlock fee", amount: euros(100) },
      { description: "Fare", amount: euros(4900) },
    ]);
    expect(tab?.balance).toMatchObject(euros(5000));
    const free = { tripId, description: "A gift", amount: euros(0) };
    await billing.charge(free, withIdempotencyKey(`trip/${tripId}/gift`));
    expect(await test.readBalance(tripId)).toBe(5000n);
  });

  it("refuses a charge beyond the limit and names what is left", async () => {
    const { tripId, fee, feeKey, fare, fareKey } = await test.openTrip();
    await billing.charge(fee, feeKey);
    const error = await catchRefusal(billing.charge({ ...fare, amount: euros(4901) }, fareKey));
    expect(error.code).toBe(Code.OutOfRange);
    expect(error.rawMessage).toContain("charge at most 4900");
    expect(await test.readBalance(tripId)).toBe(100n);
  });

  it("adds amounts exactly that a floating-point number cannot represent", async () => {
    const limit = { minorUnits: 9_007_199_254_740_995n, currency: "EUR" };
    const { open, openKey, fee, feeKey, fare, fareKey, tripId } = newTrip();
    await billing.openTab({ ...open, limit }, openKey);
    const most = { minorUnits: 9_007_199_254_740_993n, currency: "EUR" };
    await billing.charge({ ...fare, amount: most }, fareKey);
    await billing.charge({ ...fee, amount: euros(2) }, feeKey);
    expect(await test.readBalance(tripId)).toBe(9_007_199_254_740_995n);
  });

  it("never exceeds the limit with concurrent charges", async () => {
    const { tripId, fare } = await test.openTrip();
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        retryWhileUnavailable(() =>
          billing.charge(
            { ...fare, amount: euros(1000) },
            withIdempotencyKey(`trip/${tripId}/${index}`),
          ),
        ),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
    expect(await test.readBalance(tripId)).toBe(5000n);
  });

  it("refuses a currency other than the tab's, and a negative amount", async () => {
    const { tripId, fare, fareKey } = await test.openTrip();
    const dollars = { minorUnits: 100n, currency: "USD" };
    const currency = await catchRefusal(billing.charge({ ...fare, amount: dollars }, fareKey));
    expect(currency.code).toBe(Code.InvalidArgument);
    expect(currency.rawMessage).toContain("charge in EUR");
    const negative = await catchRefusal(billing.charge({ ...fare, amount: euros(-1) }, fareKey));
    expect(negative.code).toBe(Code.InvalidArgument);
    expect(negative.rawMessage).toContain("call Refund");
    expect(await test.readBalance(tripId)).toBe(0n);
  });

  it("refuses without a tab, and with a voided or captured one", async () => {
    const none = newTrip();
    const without = await catchRefusal(billing.charge(none.fee, none.feeKey));
    expect(without.code).toBe(Code.FailedPrecondition);
    expect(without.rawMessage).toContain("call OpenTab first");

    const voided = await test.openTrip();
    await billing.voidTab({ tripId: voided.tripId }, voided.openKey);
    const late = await catchRefusal(billing.charge(voided.fee, voided.feeKey));
    expect(late.code).toBe(Code.FailedPrecondition);

    const captured = await test.openTrip();
    await billing.captureTab({ tripId: captured.tripId }, captured.captureKey);
    const later = await catchRefusal(billing.charge(captured.fee, captured.feeKey));
    expect(later.code).toBe(Code.FailedPrecondition);
  });

  it("charges once for twenty concurrent equal calls, and returns the same answer to all", async () => {
    const { tripId, fee, feeKey } = await test.openTrip();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => retryWhileUnavailable(() => billing.charge(fee, feeKey))),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await test.readBalance(tripId)).toBe(100n);
  });
});

describe("Refund", () => {
  it("refunds the charge under its key once", async () => {
    const { tripId, fee, feeKey, fare, fareKey } = await test.openTrip();
    await billing.charge(fee, feeKey);
    await billing.charge(fare, fareKey);
    await Promise.all(
      Array.from({ length: 5 }, () =>
        retryWhileUnavailable(() => billing.refund({ tripId }, feeKey)),
      ),
    );
    const { tab } = await billing.getTab({ tripId });
    expect(tab?.entries).toMatchObject([
      { description: "Unlock fee", amount: euros(100) },
      { description: "Fare", amount: euros(1250) },
      { description: "Refund: Unlock fee", amount: euros(-100) },
    ]);
    expect(tab?.balance).toMatchObject(euros(1250));
  });

  it("succeeds without a charge, and refuses a late one", async () => {
    const { tripId, fee, feeKey } = await test.openTrip();
    await billing.refund({ tripId }, feeKey);
    const error = await catchRefusal(billing.charge(fee, feeKey));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(await test.readBalance(tripId)).toBe(0n);
    await billing.refund({ tripId: newTrip().tripId }, withIdempotencyKey("nothing"));
  });

  it("leaves no charge when it is concurrent with it", async () => {
    const { tripId, fee } = await test.openTrip();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        withIdempotencyKey(`trip/${tripId}/${index}`),
      ).flatMap((key) => [
        billing.charge(fee, key).catch(() => {}),
        retryWhileUnavailable(() => billing.refund({ tripId }, key)),
      ]),
    );
    expect(await test.readBalance(tripId)).toBe(0n);
  });

  it("succeeds after the tab was voided", async () => {
    const { tripId, openKey, fee, feeKey } = await test.openTrip();
    await billing.charge(fee, feeKey);
    await billing.voidTab({ tripId }, openKey);
    await billing.refund({ tripId }, feeKey);
    expect(await test.readBalance(tripId)).toBe(0n);
  });

  it("refuses to refund what was captured", async () => {
    const { tripId, fee, feeKey, captureKey } = await test.openTrip();
    await billing.charge(fee, feeKey);
    await billing.captureTab({ tripId }, captureKey);
    const error = await catchRefusal(billing.refund({ tripId }, feeKey));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(await test.readBalance(tripId)).toBe(100n);
  });

  it("refuses the key of another trip's charge", async () => {
    const charged = await test.openTrip();
    await billing.charge(charged.fee, charged.feeKey);
    const { tripId } = await test.openTrip();
    const error = await catchRefusal(billing.refund({ tripId }, charged.feeKey));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(await test.readBalance(charged.tripId)).toBe(100n);
  });
});

describe("CaptureTab", () => {
  it("captures charges less refunds once, and returns the same amount again", async () => {
    const { tripId, fee, feeKey, fare, fareKey, captureKey } = await test.openTrip();
    await billing.charge(fee, feeKey);
    await billing.charge(fare, fareKey);
    await billing.refund({ tripId }, feeKey);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        retryWhileUnavailable(() => billing.captureTab({ tripId }, captureKey)),
      ),
    );
    for (const { captured } of answers) expect(captured).toMatchObject(euros(1250));
    const again = await billing.captureTab(
      { tripId },
      withIdempotencyKey(`trip/${tripId}/capture-again`),
    );
    expect(again.captured).toMatchObject(euros(1250));
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 1250 });
    const { tab } = await billing.getTab({ tripId });
    expect(tab).toMatchObject({ state: TabState.CAPTURED, captured: euros(1250) });
  });

  it("takes nothing for a tab without charges, and releases the authorisation", async () => {
    const { tripId, captureKey } = await test.openTrip();
    const { captured } = await billing.captureTab({ tripId }, captureKey);
    expect(captured).toMatchObject(euros(0));
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("refuses each time the gateway declines, and leaves the tab open", async () => {
    const { tripId, fee, feeKey, captureKey } = await test.openTrip("pm_card_chargeCustomerFail");
    await billing.charge(fee, feeKey);
    for (let time = 0; time < 2; time++) {
      const error = await catchRefusal(billing.captureTab({ tripId }, captureKey));
      expect(error.code).toBe(Code.FailedPrecondition);
      expect(error.rawMessage).toContain("the capture is declined");
    }
    const { tab } = await billing.getTab({ tripId });
    expect(tab?.state).toBe(TabState.OPEN);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("refuses a voided tab, and a trip without a tab", async () => {
    const { tripId, openKey, captureKey } = await test.openTrip();
    await billing.voidTab({ tripId }, openKey);
    const voided = await catchRefusal(billing.captureTab({ tripId }, captureKey));
    expect(voided.code).toBe(Code.FailedPrecondition);
    const none = newTrip();
    const error = await catchRefusal(billing.captureTab({ tripId: none.tripId }, none.captureKey));
    expect(error.code).toBe(Code.FailedPrecondition);
  });

  it("refuses the key of another trip and takes nothing", async () => {
    const first = await test.openTrip();
    await billing.captureTab({ tripId: first.tripId }, first.captureKey);
    const second = await test.openTrip();
    await billing.charge(second.fee, second.feeKey);
    const error = await catchRefusal(
      billing.captureTab({ tripId: second.tripId }, first.captureKey),
    );
    expect(error.code).toBe(Code.AlreadyExists);
    expect(await readAccount(test.db, second.tripId)).toMatchObject({ taken: 0 });
  });
});
