import { Code, ConnectError } from "@connectrpc/connect";
import { Account } from "@fanfare/contracts/billing/v1/billing";
import { withIdempotencyKey } from "@fanfare/test-fixtures";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createExpectedTab, type TabCall } from "../../test/expected-tab.ts";
import {
  euros,
  newTrip,
  readAccount,
  startTestBilling,
  type TestBilling,
  worker,
} from "../../test/test-billing.ts";
import type { PaymentGateway } from "../gateway.ts";

let test: TestBilling;
beforeAll(async () => {
  test = await startTestBilling();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

const arbitraryCall: fc.Arbitrary<TabCall> = fc.oneof(
  fc.record({
    kind: fc.constant("charge"),
    key: fc.constantFrom("fee", "fare"),
    cents: fc.nat(2_400),
  }),
  fc.record({ kind: fc.constant("reverse"), key: fc.constantFrom("fee", "fare") }),
  fc.record({ kind: fc.constant("capture") }),
  fc.record({ kind: fc.constant("void") }),
  fc.record({
    kind: fc.constant("refund"),
    key: fc.constantFrom("one", "two", "three"),
    cents: fc.integer({ min: -1, max: 3_000 }),
  }),
);

/** Whether the process crashes at the gateway, before or after its answer. */
type Crash = "none" | "before" | "after";
const arbitraryStep = fc.record({
  call: arbitraryCall,
  crash: fc.constantFrom<Crash>("none", "none", "before", "after"),
});

/** Creates a client of a service whose calls of the gateway crash. */
function createCrashing(crash: Crash) {
  if (crash === "none") return test.as(worker);
  const { gateway } = test;
  const wrap = (method: keyof PaymentGateway) => async (request: never) => {
    if (crash === "after") await gateway[method](request);
    throw new Error("the process crashes here");
  };
  const [authorise, capture, refund] = [wrap("authorise"), wrap("capture"), wrap("refund")];
  return test.as(worker, { authorise, capture, refund, void: wrap("void") });
}

/** Makes a call. Returns whether it succeeded, was refused, or got no answer. */
async function makeCall(
  { tripId, openKey, captureKey }: ReturnType<typeof newTrip>,
  call: TabCall,
  crash: Crash,
): Promise<"done" | "refused" | "unanswered"> {
  const billing = createCrashing(crash);
  const key = withIdempotencyKey(`${tripId}/${"key" in call ? call.key : call.kind}`);
  const send: Readonly<Record<TabCall["kind"], (cents: number) => Promise<unknown>>> = {
    charge(cents) {
      const account = "key" in call && call.key === "fee" ? Account.FEES : Account.FARES;
      return billing.charge({ tripId, description: "Fee", amount: euros(cents), account }, key);
    },
    reverse: () => billing.refund({ tripId }, key),
    capture: () => billing.captureTab({ tripId }, captureKey),
    void: () => billing.voidTab({ tripId }, openKey),
    refund: (cents) => billing.refundCapture({ tripId, amount: euros(cents) }, key),
  };
  try {
    await send[call.kind]("cents" in call ? call.cents : 0);
    return "done";
  } catch (error) {
    const { code } = ConnectError.from(error);
    if (code === Code.Unavailable) return "unanswered";
    if (refusals.has(code)) return "refused";
    throw error;
  }
}

const refusals: ReadonlySet<Code> = new Set([
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.InvalidArgument,
  Code.AlreadyExists,
]);

it("M: for all calls, repetitions and crashes, the gateway has what the answers say, and the ledger balances", async () => {
  const property = fc.asyncProperty(
    fc.constantFrom("pm_card_visa", "pm_card_refundFail"),
    fc.array(arbitraryStep, { minLength: 1, maxLength: 14 }),
    async (method, steps) => {
      const trip = await test.openTrip(method);
      const expected = createExpectedTab();
      const unanswered: TabCall[] = [];
      for (const { call, crash } of steps) {
        const outcome = await makeCall(trip, call, crash);
        if (outcome === "done") expected.apply(call);
        if (outcome === "unanswered") unanswered.push(call);
      }
      // The saga repeats a call until it has an answer.
      for (const call of unanswered) {
        const outcome = await makeCall(trip, call, "none");
        expect(outcome).not.toBe("unanswered");
        if (outcome === "done") expected.apply(call);
      }
      const { tripId } = trip;
      const { taken, held } = await readAccount(test.db, tripId);
      expect({ taken, closed: held === 0 }).toEqual(expected.read());
      const { tab } = await test.as(worker).getTab({ tripId });
      expect(Number(tab?.balance?.minorUnits)).toBe(expected.readBalance());
      expect(await test.as(worker).checkLedger({})).toMatchObject({ faults: [] });
    },
  );
  await fc.assert(property, { numRuns: 25 });
}, 120_000);
