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

/** Creates a client of a service that crashes before it stores the answer of the gateway. */
function crashAfter(method: Method) {
  const { gateway } = test;
  return test.as(worker, {
    ...gateway,
    async [method](request: never) {
      await gateway[method](request);
      throw new Error("the process crashes here");
    },
  });
}

/** Creates a client of a service that crashes before its call reaches the gateway. */
function crashBefore(method: Method) {
  return test.as(worker, {
    ...test.gateway,
    [method]: () => Promise.reject(new Error("the process crashes here")),
  });
}

/** Creates a client of a service whose calls of the gateway wait until they are released. */
function delay(method: Method) {
  const { gateway } = test;
  const release = Promise.withResolvers<void>();
  const called = Promise.withResolvers<void>();
  const client = test.as(worker, {
    ...gateway,
    async [method](request: never) {
      called.resolve();
      await release.promise;
      return await gateway[method](request);
    },
  });
  return { client, called: called.promise, release: release.resolve };
}

const crashes = [
  { when: "before its call reaches the gateway", crash: crashBefore },
  { when: "before it stores the answer of the gateway", crash: crashAfter },
];

describe.each(crashes)("a crash $when", ({ crash }) => {
  it("in OpenTab leaves no tab to charge, and a repeated call opens it with one authorisation", async () => {
    const { tripId, open, openKey, fee, feeKey } = newTrip();
    expect((await catchRefusal(crash("authorise").openTab(open, openKey))).code).toBe(
      Code.Unavailable,
    );
    const billing = test.as(worker);
    expect((await catchRefusal(billing.getTab({ tripId }))).code).toBe(Code.NotFound);
    expect((await catchRefusal(billing.charge(fee, feeKey))).code).toBe(Code.FailedPrecondition);
    const { tab } = await billing.openTab(open, openKey);
    expect(tab?.state).toBe(TabState.OPEN);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("in OpenTab leaves nothing held after VoidTab, and no late copy changes that", async () => {
    const { tripId, open, openKey } = newTrip();
    await catchRefusal(crash("authorise").openTab(open, openKey));
    const billing = test.as(worker);
    await billing.voidTab({ tripId }, openKey);
    expect((await catchRefusal(billing.openTab(open, openKey))).code).toBe(Code.FailedPrecondition);
    expect(await readAccount(test.db, tripId)).toMatchObject({ held: 0, taken: 0 });
  });

  it("in OpenTab makes it refuse other contents and other keys", async () => {
    const { tripId, open, openKey } = newTrip();
    await catchRefusal(crash("authorise").openTab(open, openKey));
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

  it("in VoidTab leaves the tab open, and a repeated call releases the authorisation", async () => {
    const { tripId, open, openKey, fee, feeKey } = newTrip();
    const billing = test.as(worker);
    await billing.openTab(open, openKey);
    expect((await catchRefusal(crash("void").voidTab({ tripId }, openKey))).code).toBe(
      Code.Unavailable,
    );
    expect((await billing.getTab({ tripId })).tab?.state).toBe(TabState.OPEN);
    expect((await catchRefusal(billing.charge(fee, feeKey))).code).toBe(Code.FailedPrecondition);
    await billing.voidTab({ tripId }, openKey);
    expect((await billing.getTab({ tripId })).tab?.state).toBe(TabState.VOID);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("in CaptureTab prevents further charges, and a repeated call takes the amount once", async () => {
    const { tripId, open, openKey, fee, feeKey, fare, fareKey, captureKey } = newTrip();
    const billing = test.as(worker);
    await billing.openTab(open, openKey);
    await billing.charge(fee, feeKey);
    const cut = await catchRefusal(crash("capture").captureTab({ tripId }, captureKey));
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

  it("in CaptureTab without charges releases the authorisation after a repeated call", async () => {
    const { tripId, open, openKey, captureKey } = newTrip();
    const billing = test.as(worker);
    await billing.openTab(open, openKey);
    await catchRefusal(crash("void").captureTab({ tripId }, captureKey));
    const { captured } = await billing.captureTab({ tripId }, captureKey);
    expect(captured).toMatchObject(euros(0));
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("in OpenTab and then in VoidTab leaves nothing held after a repeated VoidTab", async () => {
    const { tripId, open, openKey } = newTrip();
    await catchRefusal(crash("authorise").openTab(open, openKey));
    await catchRefusal(crash("authorise").voidTab({ tripId }, openKey));
    await catchRefusal(crash("void").voidTab({ tripId }, openKey));
    await test.as(worker).voidTab({ tripId }, openKey);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });
});

describe("a slow gateway", () => {
  it("that authorises after the tab was voided leaves nothing held", async () => {
    const { tripId, open, openKey } = newTrip();
    const { client, called, release } = delay("authorise");
    const opening = catchRefusal(client.openTab(open, openKey));
    await called;
    await test.as(worker).voidTab({ tripId }, openKey);
    release();
    expect((await opening).code).toBe(Code.FailedPrecondition);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 0 });
  });

  it("that declines a call after its repetition, and after another method was accepted, changes nothing", async () => {
    const { tripId, open, openKey } = newTrip("pm_card_chargeDeclined");
    const { client, called, release } = delay("authorise");
    const opening = catchRefusal(client.openTab(open, openKey));
    await called;
    const billing = test.as(worker);
    await catchRefusal(billing.openTab(open, openKey));
    await billing.openTab({ ...open, paymentMethod: "pm_card_visa" }, openKey);
    release();
    expect((await opening).code).toBe(Code.FailedPrecondition);
    expect((await billing.getTab({ tripId })).tab?.state).toBe(TabState.OPEN);
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 5000, taken: 0 });
  });

  it("that captures late returns what was captured meanwhile", async () => {
    const { tripId, open, openKey, fee, feeKey, captureKey } = newTrip();
    const billing = test.as(worker);
    await billing.openTab(open, openKey);
    await billing.charge(fee, feeKey);
    const { client, called, release } = delay("capture");
    const capturing = client.captureTab({ tripId }, captureKey);
    await called;
    await billing.captureTab({ tripId }, captureKey);
    release();
    expect((await capturing).captured).toMatchObject(euros(100));
    expect(await readAccount(test.db, tripId)).toEqual({ granted: 1, held: 0, taken: 100 });
  });

  it("does not delay other trips", async () => {
    const waiting = Array.from({ length: 20 }, () => newTrip());
    const { client, release } = delay("authorise");
    const opening = waiting.map(({ open, openKey }) =>
      retryWhileUnavailable(() => client.openTab(open, openKey)),
    );
    const other = newTrip();
    const { tab } = await test.as(worker).openTab(other.open, other.openKey);
    expect(tab?.state).toBe(TabState.OPEN);
    release();
    expect(await Promise.all(opening)).toHaveLength(20);
  });
});

describe("the sandbox", () => {
  it("remembers its authorisations after a restart", async () => {
    const { db, gateway } = test;
    const key = `tab/${crypto.randomUUID()}/authorise/1`;
    const request = { key, paymentMethod: "pm_card_visa", amount: euros(100) };
    const result = await gateway.authorise(request);
    expect(await createSandboxGateway(db).authorise(request)).toEqual(result);
  });

  it("takes at most what is authorised, and voids nothing that it took", async () => {
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
