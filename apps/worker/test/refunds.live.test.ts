import { Code } from "@connectrpc/connect";
import { TripRefund_State } from "@fanfare/contracts/trips/v1/trip_refund";
import { catchRefusal, withIdempotencyKey } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { type Fault, losePublishResult, loseReply, loseRequest } from "./faults.ts";
import { beginTrip, type RealTrip, type RealTripOptions } from "./real-trip.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const euros = (cents: number) => ({ minorUnits: BigInt(cents), currency: "EUR" });

/** Takes a trip that is settled with 130 cents. */
async function settleTrip(options?: RealTripOptions): Promise<RealTrip> {
  const trip = await beginTrip(lab, options);
  await trip.started;
  await trip.end();
  await trip.expectSettled();
  return trip;
}

function refund({ tripId }: RealTrip, cents?: number, key: string = crypto.randomUUID()) {
  const amount = cents === undefined ? {} : { amount: euros(cents) };
  const request = { tripId, reason: "the wrong fare", ...amount };
  return lab.operator.refundTrip(request, withIdempotencyKey(key));
}

/** Waits until the refunds of a trip have these states and amounts. Every read checks the ledger. */
async function expectRefunds(
  trip: RealTrip,
  expected: readonly (readonly [keyof typeof TripRefund_State, number])[],
): Promise<void> {
  const { tripId } = trip;
  await eventually(async () => {
    const { refunds } = await lab.operator.listRefunds({ tripId });
    expect(refunds).toMatchObject(
      expected.map(([state, cents]) => ({ state: TripRefund_State[state], amount: euros(cents) })),
    );
  });
  const made = expected.filter(([state]) => state === "PUBLISHED").map(([, cents]) => cents);
  const total = made.reduce((sum, cents) => sum + cents, 0);
  await eventually(() => expect(lab.events.listRefunds(tripId)).toHaveLength(made.length));
  expect((await trip.readAccount()).balance).toBe(130 - total);
}

describe("a refund of a settled trip", () => {
  it("returns a part and then the rest, once for each key, and publishes both", async () => {
    const trip = await settleTrip();
    const key = crypto.randomUUID();
    const [first] = await Promise.all(Array.from({ length: 5 }, () => refund(trip, 40, key)));
    expect(first?.refund).toMatchObject({ refundId: key, amount: euros(40) });
    await expectRefunds(trip, [["PUBLISHED", 40]]);
    await refund(trip);
    await expectRefunds(trip, [
      ["PUBLISHED", 40],
      ["PUBLISHED", 90],
    ]);
    const events = lab.events.listRefunds(trip.tripId);
    expect(events).toMatchObject([
      { refundId: key, refunded: euros(40), totalRefunded: euros(40), settled: euros(130) },
      { refunded: euros(90), totalRefunded: euros(130), riderId: trip.rider },
    ]);
    const { trip: refunded } = await lab.rider(trip.rider).getTrip({ tripId: trip.tripId });
    expect(refunded?.refunded).toMatchObject(euros(130));
  });

  const faults: readonly [string, Record<string, Fault>][] = [
    ["the requests to billing are lost", { 1: loseRequest(2) }],
    ["the replies of billing are lost", { 1: loseReply(2) }],
    ["the replies of the registry are lost", { 2: loseReply(1), 4: loseReply(1) }],
    ["the results of the broker are lost", { 3: losePublishResult(2) }],
  ];
  it.each(faults)("happens once when %s", async (_, plan) => {
    const trip = await settleTrip();
    const key = crypto.randomUUID();
    lab.faults.plan(`refund/${trip.tripId}/${key}`, plan);
    await refund(trip, 50, key);
    await expectRefunds(trip, [["PUBLISHED", 50]]);
    expect(lab.events.listRefunds(trip.tripId)).toMatchObject([{ totalRefunded: euros(50) }]);
  });

  it("is made when its workflow is terminated or cancelled, and after the worker was down", async () => {
    const trip = await settleTrip();
    const [ended, cancelled] = [crypto.randomUUID(), crypto.randomUUID()];
    await lab.restartWorker(async () => {
      await refund(trip, 10, ended);
      await refund(trip, 20, cancelled);
      await lab.refundWorkflow(trip.tripId, ended).terminate("the test ends it");
      await lab.refundWorkflow(trip.tripId, cancelled).cancel();
    });
    await expectRefunds(trip, [
      ["PUBLISHED", 10],
      ["PUBLISHED", 20],
    ]);
    expect((await trip.readAccount()).balance).toBe(100);
  });

  it("that the gateway declines is refused, and leaves the amount", async () => {
    const trip = await settleTrip({ paymentMethod: "pm_card_refundFail" });
    await refund(trip);
    await expectRefunds(trip, [["REFUSED", 130]]);
    const { refunds } = await lab.operator.listRefunds({ tripId: trip.tripId });
    expect(refunds[0]?.refusal).toContain("is declined");
    await refund(trip, 130);
    await expectRefunds(trip, [
      ["REFUSED", 130],
      ["REFUSED", 130],
    ]);
  });
});

describe("RefundTrip", () => {
  it("refuses bad input, and leaves nothing behind", async () => {
    const trip = await settleTrip();
    const active = await beginTrip(lab);
    await active.started;
    const dollars = { minorUnits: 1n, currency: "USD" };
    const { tripId } = trip;
    const cases: readonly [() => Promise<unknown>, Code][] = [
      [() => refund(trip, 131), Code.OutOfRange],
      [() => refund(trip, 0), Code.InvalidArgument],
      [() => refund(trip, -1), Code.InvalidArgument],
      [() => refund(active, 1), Code.FailedPrecondition],
      [
        () => lab.operator.refundTrip({ tripId, amount: dollars, reason: "fx" }),
        Code.InvalidArgument,
      ],
      [() => lab.operator.refundTrip({ tripId, reason: "" }), Code.InvalidArgument],
      [() => lab.operator.refundTrip({ tripId, reason: "  " }), Code.InvalidArgument],
      [
        () => lab.operator.refundTrip({ tripId: crypto.randomUUID(), reason: "which?" }),
        Code.NotFound,
      ],
    ];
    for (const [call, code] of cases) expect((await catchRefusal(call())).code).toBe(code);
    await expectRefunds(trip, []);
    const key = crypto.randomUUID();
    await refund(trip, 30, key);
    expect((await catchRefusal(refund(trip, 31, key))).code).toBe(Code.AlreadyExists);
    expect((await catchRefusal(refund(trip, 101))).code).toBe(Code.OutOfRange);
    await expectRefunds(trip, [["PUBLISHED", 30]]);
    await active.cancel();
    await active.expectCompensated();
  });
});
