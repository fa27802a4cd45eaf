import { Code } from "@connectrpc/connect";
import { TabState } from "@fanfare/contracts/billing/v1/billing";
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
import type { PaymentGateway } from "./gateway.ts";
import { createSandboxGateway } from "./sandbox-gateway.ts";

let test: TestBilling;

beforeAll(async () => {
  test = await startTestBilling();
}, 120_000);

afterAll(async () => {
  await test?.[Symbol.asyncDispose]();
}, 60_000);

type Method = keyof PaymentGateway;

/** billing that ends after the gateway has done its part, before anything of it is recorded. */
function dyingAfter(method: Method) {
  const { gateway } = test;
  return test.as(worker, {
    ...gateway,
    async [method](request: never) {
      await gateway[method](request);
      throw new Error("the process ends here");
    },
  });
}

/** billing that ends before the gateway hears of it. */
function dyingBefore(method: Method) {
  return test.as(worker, {
    ...test.gateway,
    [method]: () => Promise.reject(new Error("the process ends here")),
  });
}

/** billing whose calls of the gateway arrive only when they are let go. */
function slowAt(method: Method) {
  const { gateway } = test;
  const letGo = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const client = test.as(worker, {
    ...gateway,
    async [method](request: never) {
      asked.resolve();
      await letGo.promise;
      return await gateway[method](request);
    },
  });
  return { client, asked: asked.promise, letGo: letGo.resolve };
}

const deaths = [
  { when: "before the gateway hears of it", dying: dyingBefore },
  { when: "before the gateway's answer is recorded", dying: dyingAfter },
];

describe.each(deaths)("a crash $when", ({ dying }) => {
  it("in OpenTab leaves no tab to charge, and the same call opens it, authorised once", async () => {
    const { tripId, open, openKey, fee, feeKey } = newTrip();
    expect((await catchRefusal(dying("authorise").openTab(open, openKey))).code).toBe(
      Code.Unavailable,
    );
    const billing = test.as(worker);
    expect((await catchRefusal(billing.getTab({ tripId }))).code).toBe(Code.NotFound);
    expect((await catchRefusal(billing.charge(fee, feeKey))).code).toBe(Code.FailedPrecondition);
    const { tab } = await billing.openTab(open, openKey);
    expect(tab?.state).toBe(TabState.OPEN);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("in OpenTab leaves nothing held after VoidTab, and no copy of it can change that", async () => {
    const { tripId, open, openKey } = newTrip();
    await catchRefusal(dying("authorise").openTab(open, openKey));
    const billing = test.as(worker);
    await billing.voidTab({ tripId }, openKey);
    expect((await catchRefusal(billing.openTab(open, openKey))).code).toBe(Code.FailedPrecondition);
    expect(await readAccount(test.db, tripId)).toMatchObject({ held: 0, taken: 0 });
  });

  it("in OpenTab holds other contents and another key off until it is settled", async () => {
    const { tripId, open, openKey } = newTrip();
    await catchRefusal(dying("authorise").openTab(open, openKey));
    const billing = test.as(worker);
    const dearer = await catchRefusal(billing.openTab({ ...open, limit: euros(9000) }, openKey));
    expect(dearer.code).toBe(Code.AlreadyExists);
    const another = await catchRefusal(
      billing.openTab(open, withIdempotencyKey(`trip/${tripId}/another`)),
    );
    expect(another.code).toBe(Code.AlreadyExists);
    await billing.voidTab({ tripId }, openKey);
    expect(await readAccount(test.db, tripId)).toMatchObject({ held: 0, taken: 0 });
  });

  it("in VoidTab says that the tab is open, and the same call gives it back", async () => {
    const { tripId, open, openKey, fee, feeKey } = newTrip();
    const billing = test.as(worker);
    await billing.openTab(open, openKey);
    expect((await catchRefusal(dying("void").voidTab({ tripId }, openKey))).code).toBe(
      Code.Unavailable,
    );
    expect((await billing.getTab({ tripId })).tab?.state).toBe(TabState.OPEN);
    expect((await catchRefusal(billing.charge(fee, feeKey))).code).toBe(Code.FailedPrecondition);
    await billing.voidTab({ tripId }, openKey);
    expect((await billing.getTab({ tripId })).tab?.state).toBe(TabState.VOID);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("in CaptureTab takes no more charges, and the same call takes the amount once", async () => {
    const { tripId, open, openKey, fee, feeKey, fare, fareKey, captureKey } = newTrip();
    const billing = test.as(worker);
    await billing.openTab(open, openKey);
    await billing.charge(fee, feeKey);
    const cut = await catchRefusal(dying("capture").captureTab({ tripId }, captureKey));
    expect(cut.code).toBe(Code.Unavailable);
    for (const call of [
      () => billing.charge(fare, fareKey),
      () => billing.refund({ tripId }, feeKey),
      () => billing.voidTab({ tripId }, openKey),
    ]) {
      expect((await catchRefusal(call())).code).toBe(Code.FailedPrecondition);
    }
    const { captured } = await billing.captureTab({ tripId }, captureKey);
    expect(captured).toMatchObject(euros(100));
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 100 });
  });

  it("in CaptureTab of nothing gives the authorisation back in the end", async () => {
    const { tripId, open, openKey, captureKey } = newTrip();
    const billing = test.as(worker);
    await billing.openTab(open, openKey);
    await catchRefusal(dying("void").captureTab({ tripId }, captureKey));
    const { captured } = await billing.captureTab({ tripId }, captureKey);
    expect(captured).toMatchObject(euros(0));
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("in OpenTab and again in its VoidTab leaves nothing held in the end", async () => {
    const { tripId, open, openKey } = newTrip();
    await catchRefusal(dying("authorise").openTab(open, openKey));
    await catchRefusal(dying("authorise").voidTab({ tripId }, openKey));
    await catchRefusal(dying("void").voidTab({ tripId }, openKey));
    await test.as(worker).voidTab({ tripId }, openKey);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });
});

describe("a slow gateway", () => {
  it("that authorises after the tab was voided leaves nothing held", async () => {
    const { tripId, open, openKey } = newTrip();
    const { client, asked, letGo } = slowAt("authorise");
    const opening = catchRefusal(client.openTab(open, openKey));
    await asked;
    await test.as(worker).voidTab({ tripId }, openKey);
    letGo();
    expect((await opening).code).toBe(Code.FailedPrecondition);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("that declines after the same call declined, and another was tried, changes nothing", async () => {
    const { tripId, open, openKey } = newTrip("pm_card_chargeDeclined");
    const { client, asked, letGo } = slowAt("authorise");
    const opening = catchRefusal(client.openTab(open, openKey));
    await asked;
    const billing = test.as(worker);
    await catchRefusal(billing.openTab(open, openKey));
    await billing.openTab({ ...open, paymentMethod: "pm_card_visa" }, openKey);
    letGo();
    expect((await opening).code).toBe(Code.FailedPrecondition);
    expect((await billing.getTab({ tripId })).tab?.state).toBe(TabState.OPEN);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("that captures late answers what was captured meanwhile", async () => {
    const { tripId, open, openKey, fee, feeKey, captureKey } = newTrip();
    const billing = test.as(worker);
    await billing.openTab(open, openKey);
    await billing.charge(fee, feeKey);
    const { client, asked, letGo } = slowAt("capture");
    const capturing = client.captureTab({ tripId }, captureKey);
    await asked;
    await billing.captureTab({ tripId }, captureKey);
    letGo();
    expect((await capturing).captured).toMatchObject(euros(100));
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 100 });
  });

  it("does not keep other trips waiting", async () => {
    const waiting = Array.from({ length: 20 }, () => newTrip());
    const { client, letGo } = slowAt("authorise");
    const opening = waiting.map(({ open, openKey }) =>
      retryWhileUnavailable(() => client.openTab(open, openKey)),
    );
    const other = newTrip();
    const { tab } = await test.as(worker).openTab(other.open, other.openKey);
    expect(tab?.state).toBe(TabState.OPEN);
    letGo();
    expect(await Promise.all(opening)).toHaveLength(20);
  });
});

describe("the sandbox", () => {
  it("knows what it did before it was started again", async () => {
    const { db, gateway } = test;
    const key = `tab/${crypto.randomUUID()}/authorise/1`;
    const request = { key, paymentMethod: "pm_card_visa", amount: euros(100) };
    const result = await gateway.authorise(request);
    expect(await createSandboxGateway(db).authorise(request)).toEqual(result);
  });

  it("takes no more than is authorised and gives nothing back that it took", async () => {
    const { gateway } = test;
    const key = `tab/${crypto.randomUUID()}`;
    await gateway.authorise({ key, paymentMethod: "pm_card_visa", amount: euros(100) });
    const capture = { key: `${key}/capture`, authorisationId: key };
    await expect(gateway.capture({ ...capture, amount: euros(101) })).rejects.toThrow(/more than/);
    const dollars = { minorUnits: 100n, currency: "USD" };
    await expect(gateway.capture({ ...capture, amount: dollars })).rejects.toThrow(/more than/);
    await gateway.capture({ ...capture, amount: euros(100) });
    await expect(gateway.void({ key: `${key}/void`, authorisationId: key })).rejects.toThrow(
      /is captured/,
    );
    const again = { ...capture, key: `${key}/capture-again`, amount: euros(100) };
    await expect(gateway.capture(again)).rejects.toThrow(/is captured/);
  });
});
