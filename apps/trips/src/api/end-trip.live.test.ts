import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { Action, type Entry } from "@fanfare/contracts/operators/v1/operators";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { createLogger } from "@fanfare/service";
import { catchRefusal, withIdempotencyKey } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import { deliverStopRequests } from "../reconciler/deliver-stop-requests.ts";
import type { Reply } from "../temporal/trip-workflows.ts";

const never = new AbortController().signal;
const logger = createLogger({ name: "end-trip-test", level: "silent" });
/** The replies of a workflow that has not carried out the request. */
const unanswered: Reply<never>[] = [
  { kind: "unavailable", cause: new Error("no server") },
  { kind: "timed-out" },
  { kind: "not-ready", reason: "the trip is being recovered" },
  { kind: "not-running" },
];

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  api.workflows.override = undefined;
  api.workflows.calls = 0;
  api.workflows.drivenMs = 90_000;
});

async function startTrip(): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  await api.freeRiders();
  await api.rider().startTrip({ tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });
  return { tripId };
}

/** Returns what the operator log has of a trip, the newest first. */
async function readLog({ tripId }: { tripId: string }): Promise<Entry[]> {
  return (await api.operatorLog().list({ subject: tripId })).entries;
}

describe("EndTrip", () => {
  it("returns the end and the fare of the drive", async () => {
    const { trip } = await api.rider().endTrip(await startTrip());
    expect(trip?.status).toBe(TripStatus.ENDED);
    expect(trip?.fare).toMatchObject({ minorUnits: 60n, currency: "EUR" });
  });

  it("returns the same when it is repeated, without calling the workflow again", async () => {
    const trip = await startTrip();
    const first = await api.rider().endTrip(trip);
    const second = await api.rider().endTrip(trip);
    expect(second).toEqual(first);
    expect(api.workflows.calls).toBe(1);
  });

  it("is refused before the trip is ACTIVE", async () => {
    api.workflows.override = { kind: "timed-out" };
    const refusal = await catchRefusal(api.rider().endTrip(await startTrip()));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.rawMessage).toContain("its drive has not begun");
    expect(api.workflows.calls).toBe(0);
  });

  it("is refused for a cancelled trip", async () => {
    const trip = await startTrip();
    await api.rider().cancelTrip(trip);
    const refusal = await catchRefusal(api.rider().endTrip(trip));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.rawMessage).toContain("there is no drive to end");
  });

  it.each(unanswered)(
    "records the request when the reply is $kind, and ends the drive there",
    async (reply) => {
      const request = await startTrip();
      api.workflows.override = reply;
      const { trip: asked } = await api.rider().endTrip(request);
      expect(asked).toMatchObject({ status: TripStatus.ACTIVE, endRequestedAt: expect.anything() });
      const { trip: again } = await api.rider().endTrip(request);
      expect(again).toEqual(asked);
      api.workflows.override = undefined;
      const { trip: ended } = await api.rider().endTrip(request);
      expect(ended).toMatchObject({ status: TripStatus.ENDED, endedAt: asked?.endRequestedAt });
    },
  );

  it("has the reconciler deliver what no call delivered, with a growing pause", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    await api.rider().endTrip(trip);
    const deliver = async (dueInS: number) => {
      await sql`update trips set stop_deliver_at = stop_deliver_at - ${dueInS} * interval '1 second'
        where trip_id = ${trip.tripId}`.execute(api.db);
      const before = api.workflows.calls;
      await deliverStopRequests(never, { ...api, logger }, { batchSize: 10 });
      return api.workflows.calls - before;
    };
    expect([await deliver(1), await deliver(1), await deliver(0.5), await deliver(0.5)]).toEqual([
      0, 1, 0, 1,
    ]);
    api.workflows.override = undefined;
    expect(await deliver(2)).toBe(1);
    expect((await api.rider().getTrip(trip)).trip?.status).toBe(TripStatus.ENDED);
    expect(await deliver(3_600)).toBe(0);
  });

  it("is refused once the cancellation was requested", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    await api.rider().cancelTrip(trip);
    const refusal = await catchRefusal(api.rider().endTrip(trip));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.rawMessage).toContain("was cancelled before");
  });

  it("throws the same not_found for an unknown trip and for the trip of another rider", async () => {
    const { tripId } = await startTrip();
    const unknown = randomUUID();
    const other = await catchRefusal(api.rider("mallory").endTrip({ tripId }));
    const none = await catchRefusal(api.rider("mallory").endTrip({ tripId: unknown }));
    expect(other.code).toBe(Code.NotFound);
    expect(other.rawMessage.replace(tripId, unknown)).toBe(none.rawMessage);
    expect((await api.rider().getTrip({ tripId })).trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("refuses a malformed id", async () => {
    const refusal = await catchRefusal(api.rider().endTrip({ tripId: "42" }));
    expect(refusal.code).toBe(Code.InvalidArgument);
  });
});

describe("EndTrip of an operator", () => {
  const reason = "the car was left with its doors open";

  it("ends a drive whose cancellation is refused, and logs who ended it and why", async () => {
    api.workflows.drivenMs = 121_000;
    const trip = await startTrip();
    const refusal = await catchRefusal(api.operator.cancelTrip(trip));
    expect(refusal.rawMessage).toContain("end the trip instead");
    const { trip: ended } = await api.operator.endTrip({ ...trip, reason });
    const decision = `otto ended the drive: ${reason}`;
    expect(ended).toMatchObject({ status: TripStatus.ENDED, fare: { minorUnits: 90n }, decision });
    expect(ended?.endedAt).toEqual(ended?.endRequestedAt);
    expect(await readLog(trip)).toMatchObject([
      {
        operator: "otto",
        action: Action.END_TRIP,
        reason,
        before: { state: { value: { status: TripStatus.ACTIVE, decision: "" } } },
        after: { state: { value: { decision } } },
      },
    ]);
  });

  it("decides once, whatever the workflow does, and carries the author to it", async () => {
    const trip = await startTrip();
    api.workflows.override = { kind: "timed-out" };
    const key = withIdempotencyKey(`end/${trip.tripId}`);
    const { trip: first } = await api.operator.endTrip({ ...trip, reason }, key);
    const { trip: second } = await api.operator.endTrip({ ...trip, reason }, key);
    expect(second).toEqual(first);
    expect(await readLog(trip)).toHaveLength(1);
    expect(api.workflows.ends.at(-1)).toMatchObject({ operator: "otto", reason });
  });

  it("logs nothing when the rider ended the drive before, or there is none", async () => {
    const trip = await startTrip();
    await api.rider().endTrip(trip);
    await api.operator.endTrip({ ...trip, reason });
    const cancelled = await startTrip();
    await api.rider().cancelTrip(cancelled);
    const refusal = await catchRefusal(api.operator.endTrip({ ...cancelled, reason }));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect([await readLog(trip), await readLog(cancelled)]).toEqual([[], []]);
  });

  it("requires a reason", async () => {
    const refusal = await catchRefusal(api.operator.endTrip(await startTrip()));
    expect(refusal.code).toBe(Code.InvalidArgument);
  });
});
