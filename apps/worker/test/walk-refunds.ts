import { Code, ConnectError } from "@connectrpc/connect";
import { TripRefund_State } from "@fanfare/contracts/trips/v1/trip_refund";
import { type TripAccount, withIdempotencyKey } from "@fanfare/test-fixtures";
import * as fc from "fast-check";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";
import { type Fault, losePublishResult, loseReply, loseRequest, sendTwice } from "./faults.ts";
import type { RealTrip } from "./real-trip.ts";
import type { ServiceLab } from "./service-lab.ts";

/** The refunds that operators decide on after a trip, all at the same time. */
export type WalkRefunds = readonly WalkRefund[];

interface WalkRefund {
  /** Refunds with the same name have the same idempotency key. */
  readonly name: string;
  /** The share of what was captured. Absent: everything that is left. */
  readonly percent: number | undefined;
  /** The faults of the calls of its workflow, by their number. */
  readonly faults: readonly (readonly [call: string, fault: string])[];
  /** What becomes of its workflow when it makes this call for the first time. */
  readonly act: { readonly kind: "none" | "terminate" | "cancel"; readonly at: string };
}

const faults: Readonly<Record<string, Fault>> = {
  "loses the reply": loseReply(2),
  "loses the request": loseRequest(1),
  "is sent twice": sendTwice,
};
/** The calls of the workflow: refunds the capture, records it, publishes the event, records that. */
const calls = ["1", "2", "3", "4"] as const;

/** Generates refunds, of which some are refused. */
export const arbitraryRefunds: fc.Arbitrary<WalkRefunds> = fc.array(
  fc.record({
    name: fc.constantFrom("one", "two", "three"),
    percent: fc.option(fc.integer({ min: -5, max: 110 }), { nil: undefined }),
    faults: fc.uniqueArray(
      fc.tuple(fc.constantFrom(...calls), fc.constantFrom(...Object.keys(faults))),
      { maxLength: 2, selector: ([call]) => call },
    ),
    act: fc.record({
      kind: fc.oneof(
        { weight: 6, arbitrary: fc.constant("none" as const) },
        { weight: 1, arbitrary: fc.constantFrom("terminate" as const, "cancel" as const) },
      ),
      at: fc.constantFrom(...calls),
    }),
  }),
  { maxLength: 3 },
);

/** The answer of RefundTrip: the amount that it accepted, or the code of its refusal. */
interface Answer {
  readonly key: string;
  readonly asked: number | undefined;
  readonly accepted: number | undefined;
  readonly code: Code | undefined;
}

/**
 * Refunds a trip that has ended, and waits until every refund that was accepted is made or refused. Checks the
 * invariant M for refunds: each key refunds once, all together return no more than was captured, what is left can
 * be refunded, and the ledger, the gateway, the registry and the events have the same sums.
 */
export async function refundAndCheck(
  lab: ServiceLab,
  { trip, account }: { readonly trip: RealTrip; readonly account: TripAccount },
  { refunds, fails }: { readonly refunds: WalkRefunds; readonly fails: boolean },
): Promise<void> {
  const { tripId } = trip;
  const { captured } = account;
  const keys: Readonly<Record<string, string>> = Object.fromEntries(
    refunds.map(({ name }) => [name, crypto.randomUUID()]),
  );
  const answers = await Promise.all(
    refunds.map((refund) =>
      sendRefund(lab, { tripId, captured, key: keys[refund.name] ?? "", refund }),
    ),
  );
  const accepted = new Map(
    answers.flatMap(({ key, accepted: cents }) =>
      cents === undefined ? [] : [[key, cents] as const],
    ),
  );
  const reserved = sum(accepted.values());
  for (const answer of answers) expectRule(answer, { accepted, left: captured - reserved, fails });
  expect(reserved).toBeLessThanOrEqual(fails ? Number.MAX_SAFE_INTEGER : captured);

  const returned = fails ? 0 : reserved;
  const state = fails ? TripRefund_State.REFUSED : TripRefund_State.PUBLISHED;
  const expectMade = async () => {
    const listed = await lab.operator.listRefunds({ tripId });
    expect(new Map(listed.refunds.map((one) => [one.refundId, one.state]))).toEqual(
      new Map([...accepted.keys()].map((key) => [key, state])),
    );
    // The books check that ledger and gateway agree.
    expect(await trip.readAccount()).toEqual({ ...account, balance: account.balance - returned });
    const shown = await lab.operator.getTrip({ tripId });
    expect(Number(shown.trip?.refunded?.minorUnits ?? 0)).toBe(returned);
  };
  // The reconciler starts a terminated workflow after 64 s at most.
  await eventually(expectMade, 120_000);
  const copies = Object.values(keys).flatMap((key) => lab.faults.copies(nameRefund(tripId, key)));
  await Promise.all(copies.map((copy) => copy.deliver().catch(() => undefined)));
  await expectMade();
  const expected = fails ? [] : [...accepted].map(([refundId, cents]) => ({ refundId, cents }));
  await eventually(() => expectEvents(lab, tripId, expected));
}

/** Returns what the faults know a refund by: the id of its workflow. */
function nameRefund(tripId: string, key: string): string {
  return `refund/${tripId}/${key}`;
}

async function sendRefund(
  lab: ServiceLab,
  call: {
    readonly tripId: string;
    readonly captured: number;
    readonly key: string;
    readonly refund: WalkRefund;
  },
): Promise<Answer> {
  const { tripId, captured, key, refund } = call;
  const plan: Record<string, Fault> = {};
  for (const [number, fault] of refund.faults) {
    plan[number] = number === "3" ? losePublishResult(2) : (faults[fault] ?? sendTwice);
  }
  if (refund.act.kind !== "none") {
    const { kind, at } = refund.act;
    const planned = plan[at] ?? ((send) => send());
    const workflow = lab.refundWorkflow(tripId, key);
    let done = false;
    plan[at] = (send, attempt) => {
      if (!done) {
        done = true;
        const acted = kind === "cancel" ? workflow.cancel() : workflow.terminate("a walk ends it");
        acted.catch(() => undefined);
      }
      return planned(send, attempt);
    };
  }
  lab.faults.plan(nameRefund(tripId, key), plan);
  const asked =
    refund.percent === undefined ? undefined : Math.floor((captured * refund.percent) / 100);
  const amount =
    asked === undefined ? {} : { amount: { minorUnits: BigInt(asked), currency: "EUR" } };
  try {
    const request = { tripId, reason: "a walk refunds it", ...amount };
    const answer = await lab.operator.refundTrip(request, withIdempotencyKey(key));
    return { key, asked, accepted: Number(answer.refund?.amount?.minorUnits), code: undefined };
  } catch (error) {
    return { key, asked, accepted: undefined, code: ConnectError.from(error).code };
  }
}

/** Checks one answer against the rules. `left` is what is left once all refunds were accepted. */
function expectRule(
  { key, asked, accepted, code }: Answer,
  rest: {
    readonly accepted: ReadonlyMap<string, number>;
    readonly left: number;
    readonly fails: boolean;
  },
): void {
  if (code === undefined) {
    // An equal key is the same refund, whatever is left.
    expect(accepted).toBe(rest.accepted.get(key));
    expect(accepted).toBeGreaterThan(0);
    if (asked !== undefined) expect(accepted).toBe(asked);
    return;
  }
  const used = rest.accepted.get(key);
  if (code === Code.AlreadyExists) {
    expect(used).toBeDefined();
    expect(used).not.toBe(asked);
    return;
  }
  const isTooMuch = rest.fails || (asked ?? 1) > rest.left;
  const isBad = asked !== undefined && asked <= 0;
  expect({ asked, code: Code[code], isRight: isBad || isTooMuch }).toMatchObject({ isRight: true });
  expect([Code.InvalidArgument, Code.FailedPrecondition, Code.OutOfRange]).toContain(code);
}

/** Checks that each refund has one event, and that their totals are the running sums. */
function expectEvents(
  lab: ServiceLab,
  tripId: string,
  expected: readonly { readonly refundId: string; readonly cents: number }[],
): void {
  const events = lab.events.listRefunds(tripId).map(({ refundId, refunded, totalRefunded }) => ({
    refundId,
    cents: Number(refunded?.minorUnits),
    total: Number(totalRefunded?.minorUnits),
  }));
  expect(events.map(({ refundId, cents }) => ({ refundId, cents })).toSorted(compareIds)).toEqual(
    expected.toSorted(compareIds),
  );
  const ordered = events.toSorted((one, other) => one.total - other.total);
  expect(ordered.map(({ total }) => total)).toEqual(
    ordered.map((_, index) => sum(ordered.slice(0, index + 1).map(({ cents }) => cents))),
  );
}

function compareIds(
  one: { readonly refundId: string },
  other: { readonly refundId: string },
): number {
  return one.refundId.localeCompare(other.refundId);
}

function sum(amounts: Iterable<number>): number {
  let total = 0;
  for (const amount of amounts) total += amount;
  return total;
}
