import { randomUUID } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { Broadcast_State } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestTrip } from "../../test/request-trip.ts";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import { requestCancel, requestEnd } from "./stop-requests.ts";
import { activate, type Transition } from "./transitions.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

/** The end of the longest drive, as the saga sends it for a drive that nobody ended. */
const inAnHour = timestampFromDate(new Date(Date.now() + 3_600_000));
const settled = { minorUnits: 250n, currency: "EUR" };

/** Records a transition as it would have been recorded some time ago. */
function recordEarlier(transition: Transition, agoMs: number): Transition {
  return (trip, now) => transition(trip, new Date(now.getTime() - agoMs));
}

async function endTrip(): Promise<string> {
  const tripId = await requestTrip(api.registry);
  await api.saga.acceptTrip({ tripId, version: 1n });
  await api.saga.activateTrip({ tripId, version: 2n });
  await api.saga.completeDrive({ tripId, version: 3n, endedAt: inAnHour });
  return tripId;
}

describe("TripRegistryService", () => {
  it("records a trip from its request to its broadcast", async () => {
    const tripId = await requestTrip(api.registry);
    const { saga } = api;
    const published = { state: Broadcast_State.PUBLISHED, publishedAt: inAnHour };
    const answers = [
      await saga.acceptTrip({ tripId, version: 1n }),
      await saga.activateTrip({ tripId, version: 2n }),
      await saga.completeDrive({ tripId, version: 3n, endedAt: inAnHour }),
      await saga.settleTrip({ tripId, version: 4n, settled }),
      await saga.recordBroadcast({ tripId, version: 5n, broadcast: published }),
    ];
    expect(answers.map(({ trip }) => trip?.status)).toEqual([
      TripStatus.PENDING,
      TripStatus.ACTIVE,
      TripStatus.ENDED,
      TripStatus.SETTLED,
      TripStatus.SETTLED,
    ]);
    expect(answers.at(-1)?.trip).toMatchObject({
      version: 6n,
      fare: { minorUnits: 30n, currency: "EUR" },
      settled,
      broadcast: published,
    });
  });

  it("returns the trip unchanged to every late copy", async () => {
    const tripId = await endTrip();
    const { trip } = await api.saga.settleTrip({ tripId, version: 4n, settled });
    const copies = [
      await api.saga.acceptTrip({ tripId, version: 1n }),
      await api.saga.activateTrip({ tripId, version: 2n }),
      await api.saga.completeDrive({ tripId, version: 3n, endedAt: inAnHour }),
      await api.saga.settleTrip({ tripId, version: 4n, settled: { ...settled, minorUnits: 9n } }),
    ];
    for (const copy of copies) expect(copy.trip).toEqual(trip);
  });

  it("calculates the fare once, whatever a repeated call contains", async () => {
    const tripId = await endTrip();
    const { trip } = await api.operator.getTrip({ tripId });
    const again = await api.saga.completeDrive({ tripId, version: 9n, endedAt: inAnHour });
    expect(again.trip).toEqual(trip);
  });

  it("charges until the recorded request, however late the saga ends the drive", async () => {
    const tripId = await requestTrip(api.registry);
    await api.saga.acceptTrip({ tripId, version: 1n });
    await api.registry.record(tripId, recordEarlier(activate(), 70_000));
    await api.registry.record(tripId, recordEarlier(requestEnd(), 65_000));
    const request = { tripId, version: 3n, endedAt: inAnHour };
    const { trip } = await api.saga.completeDrive(request);
    expect(trip).toMatchObject({
      endedAt: trip?.endRequestedAt,
      fare: { minorUnits: 30n, currency: "EUR" },
    });
  });

  it("decides whether the grace is over by its own clock, and keeps to that", async () => {
    const tripId = await requestTrip(api.registry);
    const grace = { tripId, version: 3n };
    await api.saga.acceptTrip({ tripId, version: 1n });
    expect((await catchRefusal(api.saga.endGrace(grace))).code).toBe(Code.FailedPrecondition);
    await api.registry.record(tripId, recordEarlier(activate(), 60_000));
    const { remaining } = await api.saga.endGrace(grace);
    expect(Number(remaining?.seconds)).toBeGreaterThan(30);
    await api.registry.record(tripId, (row) => ({
      started_at: new Date(Number(row.started_at) - 60_000),
    }));
    const { trip, ...over } = await api.saga.endGrace(grace);
    expect(over).toMatchObject({ cancelReason: "" });
    expect(over.remaining).toBeUndefined();
    expect((await api.saga.endGrace(grace)).trip).toEqual(trip);
    const cancel = recordEarlier(requestCancel({ reason: "rain" }), 3_600_000);
    await expect(api.registry.record(tripId, cancel)).rejects.toThrow("end the trip instead");
    const { trip: stopped } = await api.saga.stopTrip({ tripId, version: 4n, reason: "Temporal" });
    expect(stopped?.endRequestedAt).toBeDefined();
  });

  it("accepts a step that arrives after a later record of its delay", async () => {
    const tripId = await endTrip();
    await api.saga.recordDelay({ tripId, version: 5n, step: "settle" });
    const { trip } = await api.saga.settleTrip({ tripId, version: 4n, settled });
    expect(trip).toMatchObject({ status: TripStatus.SETTLED, delayedStep: "settle" });
    const clear = await api.saga.recordDelay({ tripId, version: 6n, step: "" });
    expect(clear.trip?.delayedStep).toBe("");
  });

  it("parks a trip, and continues it", async () => {
    const tripId = await endTrip();
    const parked = { tripId, version: 4n, step: "capture", reason: "the capture was declined" };
    const { trip } = await api.saga.parkTrip(parked);
    expect(trip).toMatchObject({
      status: TripStatus.NEEDS_ATTENTION,
      reason: "capture: the capture was declined",
    });
    const after = await api.saga.settleTrip({ tripId, version: 5n, settled });
    expect(after.trip).toMatchObject({ status: TripStatus.SETTLED, reason: "" });
  });

  it("stores the trip after each change", async () => {
    const tripId = await endTrip();
    const history = await api.registry.changesSince([{ tripId, version: 0n }]);
    expect(history.map(({ version, status }) => [version, status])).toEqual([
      [1n, TripStatus.REQUESTED],
      [2n, TripStatus.PENDING],
      [3n, TripStatus.ACTIVE],
      [4n, TripStatus.ENDED],
    ]);
  });

  it("applies a change once when copies arrive concurrently", async () => {
    const tripId = await requestTrip(api.registry);
    const copies = Array.from({ length: 8 }, () => api.saga.acceptTrip({ tripId, version: 1n }));
    await Promise.all(copies);
    expect((await api.registry.find(tripId))?.version).toBe("2");
  });

  it("returns the record of an ended trip, with the steps that operators resolved", async () => {
    const tripId = await endTrip();
    const reason = "the capture was declined";
    const version = 7n;
    await api.saga.parkTrip({ tripId, version, step: "capture", reason, resolvedSteps: ["fare"] });
    const record = await api.saga.getTripRecord({ tripId });
    expect(record).toMatchObject({ latestVersion: version, resolvedSteps: ["fare"] });
    expect(record.trip).toMatchObject({ fare: { minorUnits: 30n } });
    expect(record.compensation).toBeUndefined();
  });

  it("throws not_found for a trip that was not requested", async () => {
    for (const call of [
      () => api.saga.acceptTrip({ tripId: randomUUID(), version: 1n }),
      () => api.saga.getTripRecord({ tripId: randomUUID() }),
    ]) {
      expect((await catchRefusal(call())).code).toBe(Code.NotFound);
    }
  });

  it("refuses missing fields", async () => {
    const tripId = await requestTrip(api.registry);
    for (const call of [
      api.saga.acceptTrip({ tripId }),
      api.saga.completeDrive({ tripId, version: 1n }),
      api.saga.settleTrip({ tripId, version: 1n }),
      api.saga.parkTrip({ tripId, version: 1n, reason: "no step" }),
      api.saga.recordBroadcast({ tripId, version: 1n, broadcast: {} }),
    ]) {
      expect((await catchRefusal(call)).code).toBe(Code.InvalidArgument);
    }
    expect((await api.registry.find(tripId))?.version).toBe("1");
  });
});
