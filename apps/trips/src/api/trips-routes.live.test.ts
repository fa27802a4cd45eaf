import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { findUnguardedMethods } from "@fanfare/access";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import { TripStatus, TripsService } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import { recordBroadcast, settle } from "../registry/transitions.ts";

const heartbeatMs = 500;
let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ heartbeatMs });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  api.workflows.override = undefined;
});

async function startTrip(rider = "rosa"): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  const request = { tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" };
  await api.freeRiders();
  await api.rider(rider).startTrip(request);
  return { tripId };
}

/** Returns the next message of a stream; undefined when it has ended. */
async function readNext<T>(stream: AsyncIterator<T>): Promise<T | undefined> {
  const { value, done } = await stream.next();
  return done === true ? undefined : value;
}

describe("the methods", () => {
  it("all declare the roles that may call them", () => {
    expect(
      findUnguardedMethods([TripsService, TripOperationsService, TripRegistryService]),
    ).toEqual([]);
  });
});

describe("GetTrip", () => {
  it("returns a rider's own trip, and any trip to an operator", async () => {
    const request = await startTrip();
    const { trip } = await api.rider().getTrip(request);
    expect(trip).toMatchObject({ ...request, status: TripStatus.ACTIVE, version: 3n });
    expect((await api.operator.getTrip(request)).trip).toMatchObject({ ...request, version: 3n });
  });

  it("throws the same not_found for an unknown trip and for the trip of another rider", async () => {
    const { tripId } = await startTrip();
    const unknown = randomUUID();
    const other = await catchRefusal(api.rider("mallory").getTrip({ tripId }));
    const none = await catchRefusal(api.rider("mallory").getTrip({ tripId: unknown }));
    expect(other.code).toBe(Code.NotFound);
    expect(other.rawMessage.replace(tripId, unknown)).toBe(none.rawMessage);
  });
});

describe("GetTripProgress", () => {
  it("adds the attempts and errors of pending activities to the steps", async () => {
    const request = await startTrip();
    const startedAt = "2026-05-01T10:00:00.000Z";
    api.workflows.currentProgress = {
      saga: {
        state: "forward",
        pivoted: true,
        steps: [{ name: "capture", state: "running", startedAt }],
      },
      pending: [{ activityId: "capture", attempt: 3, lastError: "billing is unavailable" }],
    };
    const { steps } = await api.operator.getTripProgress(request);
    expect(steps).toMatchObject([
      { name: "capture", attempts: 3, lastError: "billing is unavailable" },
    ]);
  });

  it("is not_found when Temporal has no workflow, and unavailable when it does not answer", async () => {
    const request = await startTrip();
    api.workflows.override = { kind: "not-running" };
    expect((await catchRefusal(api.operator.getTripProgress(request))).code).toBe(Code.NotFound);
    api.workflows.override = { kind: "unavailable", cause: new Error("no server") };
    expect((await catchRefusal(api.operator.getTripProgress(request))).code).toBe(Code.Unavailable);
    api.workflows.override = { kind: "timed-out" };
    expect((await catchRefusal(api.operator.getTripProgress(request))).code).toBe(Code.Unavailable);
  });

  it("throws not_found for an unknown trip", async () => {
    const refusal = await catchRefusal(api.operator.getTripProgress({ tripId: randomUUID() }));
    expect(refusal.code).toBe(Code.NotFound);
  });
});

describe("ListTrips", () => {
  it("pages through a rider's own trips, newest first, unaffected by trips that start in between", async () => {
    const mine: string[] = [];
    for (let count = 0; count < 5; count++) mine.unshift((await startTrip("lena")).tripId);
    await startTrip("mallory");
    const rider = api.rider("lena");
    const first = await rider.listTrips({ pageSize: 2 });
    await startTrip("lena");
    const second = await rider.listTrips({ pageSize: 2, pageToken: first.nextPageToken });
    const third = await rider.listTrips({ pageSize: 2, pageToken: second.nextPageToken });
    const seen = [first, second, third].flatMap(({ trips }) => trips.map(({ tripId }) => tripId));
    expect(seen).toEqual(mine);
    expect(third.nextPageToken).toBe("");
  });

  it("lists the trips of all riders to an operator", async () => {
    const [one, other] = [await startTrip("ann"), await startTrip("ben")];
    const { trips } = await api.operator.listTrips({ pageSize: 2 });
    expect(trips.map(({ tripId }) => tripId)).toEqual([other.tripId, one.tripId]);
  });

  it("lists the trips with one status", async () => {
    const cancelled = await startTrip("olga");
    await startTrip("olga");
    await api.rider("olga").cancelTrip(cancelled);
    const { trips } = await api.rider("olga").listTrips({ status: TripStatus.CANCELLED });
    expect(trips.map(({ tripId }) => tripId)).toEqual([cancelled.tripId]);
  });

  it("refuses an invalid page size and an invalid page token", async () => {
    const size = await catchRefusal(api.rider().listTrips({ pageSize: 101 }));
    expect(size.code).toBe(Code.InvalidArgument);
    const token = await catchRefusal(api.rider().listTrips({ pageToken: "page-2" }));
    expect(token.code).toBe(Code.InvalidArgument);
    expect(token.rawMessage).toContain("next_page_token");
  });
});

describe("WatchTrip", () => {
  it("sends a rider the trip and every change, until it is settled", async () => {
    const request = await startTrip();
    await api.rider().endTrip(request);
    const watching = api.rider().watchTrip(request)[Symbol.asyncIterator]();
    expect((await readNext(watching))?.trip?.status).toBe(TripStatus.ENDED);
    await api.registry.record(request.tripId, settle({ minorUnits: 160n, currency: "EUR" }));
    expect((await readNext(watching))?.trip?.status).toBe(TripStatus.SETTLED);
    expect(await readNext(watching)).toBeUndefined();
    const again = { ...request, afterVersion: 1n };
    const resumed: unknown[] = [];
    for await (const { trip } of api.rider().watchTrip(again)) resumed.push(trip?.status);
    expect(resumed.at(-1)).toBe(TripStatus.SETTLED);
  });

  it("sends an operator the trip and every change, until its TripCompleted is published", async () => {
    const request = await startTrip();
    const watching = api.operator.watchTrip(request)[Symbol.asyncIterator]();
    expect((await readNext(watching))?.trip?.status).toBe(TripStatus.ACTIVE);
    await api.rider().endTrip(request);
    await api.registry.record(request.tripId, settle({ minorUnits: 160n, currency: "EUR" }));
    const delayed = recordBroadcast({ state: "DELAYED", error: "no broker" });
    await api.registry.record(request.tripId, delayed);
    const published = recordBroadcast({ state: "PUBLISHED", publishedAt: new Date() });
    await api.registry.record(request.tripId, published);
    const seen: unknown[] = [];
    for (let next = await readNext(watching); next; next = await readNext(watching)) {
      if (next.trip !== undefined) seen.push([next.trip.status, next.trip.broadcast?.error]);
    }
    expect(seen).toEqual([
      // The end of the drive is requested.
      [TripStatus.ACTIVE, undefined],
      [TripStatus.ENDED, undefined],
      [TripStatus.SETTLED, undefined],
      [TripStatus.SETTLED, "no broker"],
      [TripStatus.SETTLED, ""],
    ]);
  });

  it("sends heartbeats while nothing changes", async () => {
    const request = await startTrip();
    const watching = api.rider().watchTrip(request)[Symbol.asyncIterator]();
    await readNext(watching);
    for (let beat = 0; beat < 2; beat++) {
      const next = await readNext(watching);
      expect(next?.trip).toBeUndefined();
      expect(next?.heartbeat?.interval).toMatchObject({ seconds: 0n, nanos: heartbeatMs * 1e6 });
    }
    await watching.return?.();
  });

  it("ends at once for a final trip", async () => {
    const request = await startTrip();
    await api.rider().cancelTrip(request);
    const watching = api.rider().watchTrip(request)[Symbol.asyncIterator]();
    expect((await readNext(watching))?.trip?.status).toBe(TripStatus.CANCELLED);
    expect(await readNext(watching)).toBeUndefined();
  });

  it("throws not_found for the trip of another rider", async () => {
    const stream = api.rider("mallory").watchTrip(await startTrip());
    const watching = stream[Symbol.asyncIterator]();
    expect((await catchRefusal(readNext(watching))).code).toBe(Code.NotFound);
  });
});
