import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { Action } from "@fanfare/contracts/operators/v1/operators";
import { TripRefund_State } from "@fanfare/contracts/trips/v1/trip_refund";
import { catchRefusal, withIdempotencyKey } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
}, 60_000);
afterAll(() => api?.[Symbol.asyncDispose]());

const euros = (cents: number) => ({ minorUnits: BigInt(cents), currency: "EUR" });

/** Takes a trip that is settled with 160 cents. */
async function settleTrip(): Promise<string> {
  const tripId = randomUUID();
  const rider = api.rider(`rosa-${tripId}`);
  const request = { tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" };
  await rider.startTrip(request);
  await rider.endTrip({ tripId });
  await api.saga.settleTrip({ tripId, version: 20n, settled: euros(160) });
  return tripId;
}

describe("RefundTrip", () => {
  it("logs who refunds what and why with the trip before and after, and starts one workflow", async () => {
    const tripId = await settleTrip();
    const key = randomUUID();
    const request = { tripId, amount: euros(60), reason: "the car was dirty" };
    const { trip, refund } = await api.operator.refundTrip(request, withIdempotencyKey(key));
    expect(trip?.decision).toBe("otto refunded 0.60 EUR: the car was dirty");
    expect(refund).toMatchObject({
      refundId: key,
      amount: euros(60),
      state: TripRefund_State.REQUESTED,
    });
    const again = await api.operator.refundTrip(request, withIdempotencyKey(key));
    expect(again.refund).toEqual(refund);
    const { entries } = await api.operatorLog().list({ subject: tripId });
    expect(entries).toMatchObject([
      {
        entryId: key,
        operator: "otto",
        action: Action.REFUND_TRIP,
        details: "0.60 EUR",
        reason: "the car was dirty",
        before: { state: { value: { decision: "" } } },
        after: { state: { value: { version: trip?.version, decision: trip?.decision } } },
      },
    ]);
    expect(new Set(api.refundsStarted.filter((id) => id === key)).size).toBe(1);
  });

  it("accepts any idempotency key, and refunds once under it", async () => {
    const tripId = await settleTrip();
    const key = withIdempotencyKey("the wrong fare / ".repeat(15));
    const request = { tripId, amount: euros(60), reason: "dirty" };
    const { refund } = await api.operator.refundTrip(request, key);
    expect((await api.operator.refundTrip(request, key)).refund).toEqual(refund);
    expect(refund?.refundId).toMatch(/^[\da-f]{64}$/);
  });

  it("refuses the id of another decision", async () => {
    const [one, other] = [await settleTrip(), await settleTrip()];
    const key = withIdempotencyKey(randomUUID());
    await api.operator.refundTrip({ tripId: one, amount: euros(60), reason: "dirty" }, key);
    for (const request of [
      { tripId: other, amount: euros(60), reason: "dirty" },
      { tripId: one, amount: euros(61), reason: "dirty" },
      { tripId: one, amount: euros(60), reason: "late" },
    ]) {
      const refusal = await catchRefusal(api.operator.refundTrip(request, key));
      expect(refusal.code).toBe(Code.AlreadyExists);
    }
    const { refunds } = await api.operator.listRefunds({ tripId: other });
    expect(refunds).toEqual([]);
  });

  it.each(["", "  "])("refuses %j as a reason, and stores nothing", async (reason) => {
    const tripId = await settleTrip();
    const refusal = await catchRefusal(api.operator.refundTrip({ tripId, reason }));
    expect(refusal).toMatchObject({ code: Code.InvalidArgument });
    expect(refusal.rawMessage).toContain("must state why");
    expect((await api.operator.listRefunds({ tripId })).refunds).toEqual([]);
  });

  it("is refused for a trip with 1000 refunds, which is as many as are listed", async () => {
    const tripId = await settleTrip();
    await sql`
      insert into trip_refunds (refund_id, trip_id, minor_units, currency, state, deliver_at)
      select ${tripId} || number, ${tripId}, 1, 'EUR', 'REFUSED', now()
      from generate_series(1, 1000) number`.execute(api.db);
    const refusal = await catchRefusal(api.operator.refundTrip({ tripId, reason: "dirty" }));
    expect(refusal.code).toBe(Code.ResourceExhausted);
    expect(refusal.rawMessage).toBe(
      `trip ${tripId} has 1000 refunds, refused ones included, and gets no more: return the money in another way`,
    );
    expect((await api.operator.listRefunds({ tripId })).refunds).toHaveLength(1_000);
  });

  it("of concurrent refunds accepts as much as is settled", async () => {
    const tripId = await settleTrip();
    const calls = Array.from({ length: 5 }, () =>
      api.operator.refundTrip({ tripId, amount: euros(50), reason: "dirty" }),
    );
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  });
});

describe("RecordRefund", () => {
  it("sums up what was refunded, once for each refund, and frees what was refused", async () => {
    const tripId = await settleTrip();
    const [first, second] = [randomUUID(), randomUUID()];
    for (const key of [first, second]) {
      const request = { tripId, amount: euros(80), reason: "dirty" };
      await api.operator.refundTrip(request, withIdempotencyKey(key));
    }
    const { REFUNDED, REFUSED, PUBLISHED } = TripRefund_State;
    const refused = { tripId, refundId: second, state: REFUSED, refusal: "the card is closed" };
    await api.saga.recordRefund(refused);
    for (const state of [REFUNDED, REFUNDED, PUBLISHED, REFUNDED, PUBLISHED]) {
      const { trip, refund } = await api.saga.recordRefund({ tripId, refundId: first, state });
      expect(trip?.refunded).toMatchObject(euros(80));
      expect(refund).toMatchObject({ totalRefunded: euros(80), refundedAt: expect.anything() });
    }
    for (const [refundId, state] of [
      [first, REFUSED],
      [second, REFUNDED],
    ] as const) {
      const refusal = await catchRefusal(api.saga.recordRefund({ tripId, refundId, state }));
      expect(refusal.code).toBe(Code.FailedPrecondition);
    }
    await api.operator.refundTrip({ tripId, reason: "the rest" });
    const { refunds } = await api.operator.listRefunds({ tripId });
    expect(refunds.map(({ state, refusal }) => [state, refusal])).toEqual([
      [PUBLISHED, ""],
      [REFUSED, "the card is closed"],
      [TripRefund_State.REQUESTED, ""],
    ]);
  });
});

describe("claim()", () => {
  it("returns refunds that are not final, each time later", async () => {
    await sql`delete from trip_refunds`.execute(api.db);
    const tripId = await settleTrip();
    await api.operator.refundTrip({ tripId, reason: "dirty" });
    expect(await api.refunds.claim(10)).toEqual([]);
    await sql`update trip_refunds set deliver_at = now()`.execute(api.db);
    const claims = await Promise.all([api.refunds.claim(10), api.refunds.claim(10)]);
    expect(claims.flat()).toMatchObject([{ trip_id: tripId, deliveries: 1 }]);
    await sql`update trip_refunds set deliver_at = now(), state = 'PUBLISHED'`.execute(api.db);
    expect(await api.refunds.claim(10)).toEqual([]);
  });
});
