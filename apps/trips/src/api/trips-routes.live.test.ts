import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { findUnguardedMethods } from "@fanfare/access";
import { TripRegistryService, TripStatus, TripsService } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { refusalOf } from "../../test/refusal.ts";
import { type Edge, openEdge } from "../../test/test-api.ts";
import { broadcast, settle } from "../registry/transitions.ts";

let edge: Edge;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
});
beforeEach(() => {
  edge.workflows.instead = undefined;
});

async function started(rider = "rosa"): Promise<{ tripId: string }> {
  const tripId = randomUUID();
  const request = { tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" };
  await edge.rider(rider).startTrip(request);
  return { tripId };
}

/** nextOf takes the next message of a stream; undefined when it has ended. */
async function nextOf<T>(stream: AsyncIterator<T>): Promise<T | undefined> {
  const { value, done } = await stream.next();
  return done === true ? undefined : value;
}

describe("the methods", () => {
  it("all say who may call them", () => {
    expect(findUnguardedMethods([TripsService, TripRegistryService])).toEqual([]);
  });
});

describe("GetTrip", () => {
  it("answers a rider's own trip, and any to an operator", async () => {
    const asked = await started();
    const { trip } = await edge.rider().getTrip(asked);
    expect(trip).toMatchObject({ ...asked, status: TripStatus.ACTIVE, version: 3n });
    expect((await edge.operator.getTrip(asked)).trip).toEqual(trip);
  });

  it("finds no unknown trip, and no other rider's, in the same words", async () => {
    const { tripId } = await started();
    const unknown = randomUUID();
    const other = await refusalOf(edge.rider("mallory").getTrip({ tripId }));
    const none = await refusalOf(edge.rider("mallory").getTrip({ tripId: unknown }));
    expect(other?.code).toBe(Code.NotFound);
    expect(other?.sentence.replace(tripId, unknown)).toBe(none?.sentence);
  });
});

describe("GetTripProgress", () => {
  it("joins the steps with what Temporal says of what is running", async () => {
    const asked = await started();
    const startedAt = "2026-05-01T10:00:00.000Z";
    edge.workflows.progressed = {
      saga: {
        state: "forward",
        pivoted: true,
        steps: [{ name: "capture", state: "running", startedAt }],
      },
      pending: [{ activityId: "capture", attempt: 3, lastError: "billing is away" }],
    };
    const { steps } = await edge.rider().getTripProgress(asked);
    expect(steps).toMatchObject([{ name: "capture", attempts: 3, lastError: "billing is away" }]);
  });

  it("is not_found when the workflow is gone, and unavailable when it cannot be asked", async () => {
    const asked = await started();
    edge.workflows.instead = { kind: "gone" };
    expect((await refusalOf(edge.rider().getTripProgress(asked)))?.code).toBe(Code.NotFound);
    edge.workflows.instead = { kind: "away", cause: new Error("no server") };
    expect((await refusalOf(edge.rider().getTripProgress(asked)))?.code).toBe(Code.Unavailable);
    edge.workflows.instead = { kind: "late" };
    expect((await refusalOf(edge.rider().getTripProgress(asked)))?.code).toBe(Code.Unavailable);
  });

  it("tells nothing of another rider's trip", async () => {
    const asked = await started();
    const refusal = await refusalOf(edge.rider("mallory").getTripProgress(asked));
    expect(refusal?.code).toBe(Code.NotFound);
  });
});

describe("ListTrips", () => {
  it("pages through a rider's own, newest first, whatever is started in between", async () => {
    const mine: string[] = [];
    for (let count = 0; count < 5; count++) mine.unshift((await started("lena")).tripId);
    await started("mallory");
    const rider = edge.rider("lena");
    const first = await rider.listTrips({ pageSize: 2 });
    await started("lena");
    const second = await rider.listTrips({ pageSize: 2, pageToken: first.nextPageToken });
    const third = await rider.listTrips({ pageSize: 2, pageToken: second.nextPageToken });
    const seen = [first, second, third].flatMap(({ trips }) => trips.map(({ tripId }) => tripId));
    expect(seen).toEqual(mine);
    expect(third.nextPageToken).toBe("");
  });

  it("lists all riders' to an operator", async () => {
    const [one, other] = [await started("ann"), await started("ben")];
    const { trips } = await edge.operator.listTrips({ pageSize: 2 });
    expect(trips.map(({ tripId }) => tripId)).toEqual([other.tripId, one.tripId]);
  });

  it("lists trips of one status", async () => {
    const cancelled = await started("olga");
    await started("olga");
    await edge.rider("olga").cancelTrip(cancelled);
    const { trips } = await edge.rider("olga").listTrips({ status: TripStatus.CANCELLED });
    expect(trips.map(({ tripId }) => tripId)).toEqual([cancelled.tripId]);
  });

  it("refuses a page size and a page token that are none", async () => {
    const size = await refusalOf(edge.rider().listTrips({ pageSize: 101 }));
    expect(size?.code).toBe(Code.InvalidArgument);
    const token = await refusalOf(edge.rider().listTrips({ pageToken: "page-2" }));
    expect(token?.code).toBe(Code.InvalidArgument);
    expect(token?.sentence).toContain("next_page_token");
  });
});

describe("WatchTrip", () => {
  it("sends the trip as it is and every change, until its broadcast is out", async () => {
    const asked = await started();
    const watching = edge.rider().watchTrip(asked)[Symbol.asyncIterator]();
    expect((await nextOf(watching))?.trip?.status).toBe(TripStatus.ACTIVE);
    await edge.rider().endTrip(asked);
    await edge.registry.record(asked.tripId, settle({ minorUnits: 250n, currency: "EUR" }));
    const delayed = broadcast({ state: "DELAYED", error: "no broker" });
    await edge.registry.record(asked.tripId, delayed);
    const published = broadcast({ state: "PUBLISHED", publishedAt: new Date() });
    await edge.registry.record(asked.tripId, published);
    const seen: unknown[] = [];
    for (let next = await nextOf(watching); next; next = await nextOf(watching)) {
      seen.push([next.trip?.status, next.trip?.broadcast?.error]);
    }
    expect(seen).toEqual([
      [TripStatus.ENDED, undefined],
      [TripStatus.SETTLED, undefined],
      [TripStatus.SETTLED, "no broker"],
      [TripStatus.SETTLED, ""],
    ]);
  });

  it("ends at once for a trip that is over", async () => {
    const asked = await started();
    await edge.rider().cancelTrip(asked);
    const watching = edge.rider().watchTrip(asked)[Symbol.asyncIterator]();
    expect((await nextOf(watching))?.trip?.status).toBe(TripStatus.CANCELLED);
    expect(await nextOf(watching)).toBeUndefined();
  });

  it("finds no other rider's trip", async () => {
    const stream = edge.rider("mallory").watchTrip(await started());
    const watching = stream[Symbol.asyncIterator]();
    expect((await refusalOf(nextOf(watching)))?.code).toBe(Code.NotFound);
  });
});
