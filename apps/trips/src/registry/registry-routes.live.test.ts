import { randomUUID } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { Broadcast_State, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusalOf } from "../../test/refusal.ts";
import { type Edge, openEdge } from "../../test/test-api.ts";

let edge: Edge;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
});

const startedAt = timestampFromDate(new Date("2026-05-01T10:00:00.000Z"));
const endedAt = timestampFromDate(new Date("2026-05-01T10:04:30.000Z"));
const muchLater = timestampFromDate(new Date("2026-05-01T18:00:00.000Z"));
const settled = { minorUnits: 250n, currency: "EUR" };

async function requested(): Promise<string> {
  const tripId = randomUUID();
  await edge.registry.request({
    tripId,
    riderId: "rosa",
    vehicleId: "vehicle-1",
    paymentMethod: "pm_card_visa",
    requestHash: "hash",
    requestedAt: new Date(),
    sweepAfterMs: 60_000,
  });
  return tripId;
}

async function ended(): Promise<string> {
  const tripId = await requested();
  await edge.saga.acceptTrip({ tripId, version: 1n });
  await edge.saga.activateTrip({ tripId, version: 2n, startedAt });
  await edge.saga.completeDrive({ tripId, version: 3n, endedAt });
  return tripId;
}

describe("TripRegistryService", () => {
  it("records a trip from its request to its broadcast", async () => {
    const tripId = await requested();
    const { saga } = edge;
    const published = { state: Broadcast_State.PUBLISHED, publishedAt: muchLater };
    const answers = [
      await saga.acceptTrip({ tripId, version: 1n }),
      await saga.activateTrip({ tripId, version: 2n, startedAt }),
      await saga.completeDrive({ tripId, version: 3n, endedAt }),
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
      startedAt,
      endedAt,
      fare: { minorUnits: 150n, currency: "EUR" },
      settled,
      broadcast: published,
    });
  });

  it("answers the trip as it is to every late copy, and changes nothing", async () => {
    const tripId = await ended();
    const { trip } = await edge.saga.settleTrip({ tripId, version: 4n, settled });
    const copies = [
      await edge.saga.acceptTrip({ tripId, version: 1n }),
      await edge.saga.activateTrip({ tripId, version: 2n, startedAt: muchLater }),
      await edge.saga.completeDrive({ tripId, version: 3n, endedAt: muchLater }),
      await edge.saga.settleTrip({ tripId, version: 4n, settled: { ...settled, minorUnits: 9n } }),
    ];
    for (const copy of copies) expect(copy.trip).toEqual(trip);
  });

  it("computes the fare once, whatever a repeated call says", async () => {
    const tripId = await ended();
    const again = await edge.saga.completeDrive({ tripId, version: 9n, endedAt: muchLater });
    expect(again.trip).toMatchObject({ endedAt, fare: { minorUnits: 150n } });
  });

  it("keeps a step that arrives after a later record of its delay", async () => {
    const tripId = await ended();
    await edge.saga.recordDelay({ tripId, version: 5n, step: "settle" });
    const { trip } = await edge.saga.settleTrip({ tripId, version: 4n, settled });
    expect(trip).toMatchObject({ status: TripStatus.SETTLED, delayedStep: "settle" });
    const clear = await edge.saga.recordDelay({ tripId, version: 6n, step: "" });
    expect(clear.trip?.delayedStep).toBe("");
  });

  it("refuses to take up, and to begin, a trip that was compensated", async () => {
    const tripId = await requested();
    const refusal = { code: "not_found", message: "there is no such vehicle" };
    await edge.saga.compensateTrip({ tripId, version: 2n, reason: "no vehicle" });
    const compensating = await refusalOf(edge.saga.acceptTrip({ tripId, version: 1n }));
    expect(compensating?.code).toBe(Code.FailedPrecondition);
    await edge.saga.cancelTripRecord({ tripId, version: 3n, reason: "no vehicle", refusal });
    for (const late of [
      edge.saga.acceptTrip({ tripId, version: 1n }),
      edge.saga.activateTrip({ tripId, version: 9n, startedAt }),
    ]) {
      const refused = await refusalOf(late);
      expect(refused?.code).toBe(Code.FailedPrecondition);
      expect(refused?.sentence).toContain("is CANCELLED");
    }
  });

  it("parks a trip, and lets it go on", async () => {
    const tripId = await ended();
    const parked = { tripId, version: 4n, step: "capture", reason: "the capture was declined" };
    const { trip } = await edge.saga.parkTrip(parked);
    expect(trip).toMatchObject({
      status: TripStatus.NEEDS_ATTENTION,
      reason: "capture: the capture was declined",
    });
    const after = await edge.saga.settleTrip({ tripId, version: 5n, settled });
    expect(after.trip).toMatchObject({ status: TripStatus.SETTLED, reason: "" });
  });

  it("keeps the trip as it was after each change", async () => {
    const tripId = await ended();
    const history = await edge.registry.changesSince([{ tripId, version: 0n }]);
    expect(history.map(({ version, status }) => [version, status])).toEqual([
      [1n, TripStatus.REQUESTED],
      [2n, TripStatus.PENDING],
      [3n, TripStatus.ACTIVE],
      [4n, TripStatus.ENDED],
    ]);
  });

  it("applies each change once when many arrive at the same time", async () => {
    const tripId = await requested();
    const copies = Array.from({ length: 8 }, () => edge.saga.acceptTrip({ tripId, version: 1n }));
    await Promise.all(copies);
    expect((await edge.registry.find(tripId))?.version).toBe("2");
  });

  it("finds no trip that was not requested", async () => {
    const refusal = await refusalOf(edge.saga.acceptTrip({ tripId: randomUUID(), version: 1n }));
    expect(refusal?.code).toBe(Code.NotFound);
  });

  it("refuses what is missing", async () => {
    const tripId = await requested();
    for (const call of [
      edge.saga.acceptTrip({ tripId }),
      edge.saga.activateTrip({ tripId, version: 1n }),
      edge.saga.settleTrip({ tripId, version: 1n }),
      edge.saga.parkTrip({ tripId, version: 1n, reason: "no step" }),
      edge.saga.recordBroadcast({ tripId, version: 1n, broadcast: {} }),
    ]) {
      expect((await refusalOf(call))?.code).toBe(Code.InvalidArgument);
    }
    expect((await edge.registry.find(tripId))?.version).toBe("1");
  });
});
