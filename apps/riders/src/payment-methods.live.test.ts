import { Code } from "@connectrpc/connect";
import { RiderChange } from "@fanfare/contracts/riders/v1/rider_events";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRiders, type TestRiders } from "../test/test-riders.ts";

let test: TestRiders;
beforeAll(async () => {
  test = await startTestRiders();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

const visa = { gatewayToken: "pm_card_visa", label: "Visa …4242" };
const askBilling = (riderId: string, paymentMethodId: string) =>
  test.as({ role: "service", subject: "billing" }).getGatewayToken({ riderId, paymentMethodId });

async function addVisa(riderId: string): Promise<string> {
  const { paymentMethod } = await test.asRider(riderId).addPaymentMethod(visa);
  return paymentMethod?.paymentMethodId ?? "";
}

describe("a payment method", () => {
  it("has an id and a label, and its token is for billing alone", async () => {
    const riderId = crypto.randomUUID();
    const id = await addVisa(riderId);
    const { paymentMethods } = await test.asRider(riderId).listPaymentMethods({});
    expect(paymentMethods).toMatchObject([{ paymentMethodId: id, label: "Visa …4242" }]);
    expect(JSON.stringify(paymentMethods, (_, value) => String(value))).not.toContain("pm_card");
    expect(await askBilling(riderId, id)).toMatchObject({ gatewayToken: "pm_card_visa" });
    expect(await askBilling(riderId, id.toUpperCase())).toMatchObject({
      gatewayToken: "pm_card_visa",
    });
  });

  it("is added once for each token, however often and concurrently the call is repeated", async () => {
    const riderId = crypto.randomUUID();
    const ids = await Promise.all(Array.from({ length: 5 }, () => addVisa(riderId)));
    expect(new Set(ids).size).toBe(1);
    expect(await addVisa(crypto.randomUUID())).not.toBe(ids[0]);
  });

  it("is another rider's: billing gets no token, and removing it changes nothing", async () => {
    const [rosa, mallory] = [crypto.randomUUID(), crypto.randomUUID()];
    const id = await addVisa(rosa);
    expect((await catchRefusal(askBilling(mallory, id))).code).toBe(Code.NotFound);
    await test.asRider(mallory).removePaymentMethod({ paymentMethodId: id });
    expect(await askBilling(rosa, id)).toMatchObject({ gatewayToken: "pm_card_visa" });
    expect((await test.asRider(mallory).listPaymentMethods({})).paymentMethods).toEqual([]);
  });

  it("is gone once it is removed, also when the call is repeated, and has another id when it is added again", async () => {
    const riderId = crypto.randomUUID();
    const paymentMethodId = await addVisa(riderId);
    for (let times = 0; times < 2; times += 1) {
      await test.asRider(riderId).removePaymentMethod({ paymentMethodId });
    }
    const error = await catchRefusal(askBilling(riderId, paymentMethodId));
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toContain("choose one from ListPaymentMethods");
    expect(await addVisa(riderId)).not.toBe(paymentMethodId);
  });

  it("is refused when its label, which riders and operators see, has the token", async () => {
    const riderId = crypto.randomUUID();
    const shown = { ...visa, label: "my pm_card_visa" };
    const refusal = await catchRefusal(test.asRider(riderId).addPaymentMethod(shown));
    expect(refusal.code).toBe(Code.InvalidArgument);
    expect(refusal.rawMessage).toContain("expected a label without the gateway's token");
    expect(refusal.rawMessage).not.toContain("pm_card_visa");
    expect((await test.asRider(riderId).listPaymentMethods({})).paymentMethods).toEqual([]);
  });

  it.each(["", "pm_card_visa", crypto.randomUUID()])("is not found by %j", async (id) => {
    const error = await catchRefusal(askBilling(crypto.randomUUID(), id));
    expect(error.code).toBe(id === "" ? Code.InvalidArgument : Code.NotFound);
  });

  it("is refused beyond 20", async () => {
    const client = test.asRider();
    const add = (index: number) =>
      client.addPaymentMethod({ ...visa, gatewayToken: `pm_${index}` });
    for (let index = 0; index < 20; index += 1) await add(index);
    expect((await catchRefusal(add(20))).code).toBe(Code.ResourceExhausted);
    await add(0);
    expect((await client.listPaymentMethods({})).paymentMethods).toHaveLength(20);
  });
});

describe("riders.changed", () => {
  it("names the payment method that was added or removed, once for each change", async () => {
    const riderId = crypto.randomUUID();
    const paymentMethodId = await addVisa(riderId);
    await addVisa(riderId);
    await test.asRider(riderId).removePaymentMethod({ paymentMethodId });
    await test.asRider(riderId).removePaymentMethod({ paymentMethodId });
    expect(await test.publishOutbox(riderId)).toMatchObject([
      { change: RiderChange.PAYMENT_METHOD_ADDED, paymentMethodId },
      { change: RiderChange.PAYMENT_METHOD_REMOVED, paymentMethodId },
    ]);
  });
});
