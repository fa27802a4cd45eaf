import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { refusalOf } from "../../test/refusal.ts";
import { type Edge, openEdge } from "../../test/test-api.ts";

let edge: Edge;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
});
beforeEach(() => {
  edge.workflows.instead = undefined;
  edge.workflows.refusal = undefined;
  edge.workflows.started.length = 0;
});

const declined = { code: "failed_precondition", message: "the card was declined: use another" };

function request() {
  return { tripId: randomUUID(), vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" };
}

describe("StartTrip", () => {
  it("answers the trip once it is ACTIVE", async () => {
    const asked = request();
    const { trip } = await edge.rider().startTrip(asked);
    expect(trip).toMatchObject({ ...asked, riderId: "rosa", status: TripStatus.ACTIVE });
    expect(edge.workflows.started).toEqual([
      { ...asked, riderId: "rosa", requestedAt: expect.any(String) },
    ]);
  });

  it("starts one workflow and answers the same when it is repeated", async () => {
    const asked = request();
    const first = await edge.rider().startTrip(asked);
    const second = await edge.rider().startTrip({ ...asked, tripId: asked.tripId.toUpperCase() });
    expect(second).toEqual(first);
    expect(edge.workflows.started).toHaveLength(1);
  });

  it("writes one trip down for many calls at once", async () => {
    const asked = request();
    const calls = Array.from({ length: 10 }, () => edge.rider().startTrip(asked));
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ trip }) => trip?.status))).toEqual(new Set([TripStatus.ACTIVE]));
    expect((await edge.registry.find(asked.tripId))?.version).toBe("3");
  });

  it("answers the same trip after it is over", async () => {
    const asked = request();
    await edge.rider().startTrip(asked);
    await edge.rider().endTrip(asked);
    edge.workflows.instead = { kind: "gone" };
    const { trip } = await edge.rider().startTrip(asked);
    expect(trip?.status).toBe(TripStatus.ENDED);
    expect(edge.workflows.started).toHaveLength(1);
  });

  it("throws the refusal that undid the trip, and again when it is repeated", async () => {
    const asked = request();
    edge.workflows.refusal = declined;
    const expected = { code: Code.FailedPrecondition, sentence: declined.message };
    expect(await refusalOf(edge.rider().startTrip(asked))).toEqual(expected);
    expect(await refusalOf(edge.rider().startTrip(asked))).toEqual(expected);
    expect(edge.workflows.started).toHaveLength(1);
  });

  it("gives a refusal with the code that it had", async () => {
    const asked = request();
    edge.workflows.refusal = { code: "not_found", message: "there is no such vehicle" };
    expect((await refusalOf(edge.rider().startTrip(asked)))?.code).toBe(Code.NotFound);
  });

  it("answers the trip as it is when its workflow takes longer or Temporal is away", async () => {
    for (const kind of ["late", "away"] as const) {
      edge.workflows.instead = kind === "away" ? { kind, cause: new Error("no server") } : { kind };
      const { trip } = await edge.rider().startTrip(request());
      expect(trip?.status).toBe(TripStatus.REQUESTED);
    }
  });

  it("starts what an earlier call could not", async () => {
    const asked = request();
    edge.workflows.instead = { kind: "away", cause: new Error("no server") };
    await edge.rider().startTrip(asked);
    edge.workflows.instead = undefined;
    const { trip } = await edge.rider().startTrip(asked);
    expect(trip?.status).toBe(TripStatus.ACTIVE);
  });

  it("answers a cancelled trip to the rider who cancelled it", async () => {
    const asked = request();
    await edge.rider().startTrip(asked);
    await edge.rider().cancelTrip({ tripId: asked.tripId, reason: "rain" });
    const { trip } = await edge.rider().startTrip(asked);
    expect(trip).toMatchObject({ status: TripStatus.CANCELLED, reason: "rain" });
  });

  it("refuses an id that is taken, alike for other contents and for another rider", async () => {
    const asked = request();
    const { trip: before } = await edge.rider().startTrip(asked);
    const other = await refusalOf(edge.rider().startTrip({ ...asked, vehicleId: "vehicle-2" }));
    expect(other?.code).toBe(Code.AlreadyExists);
    expect(other?.sentence).toContain("choose a new UUID");
    expect(await refusalOf(edge.rider("mallory").startTrip(asked))).toEqual(other);
    const { trip: after } = await edge.rider().getTrip(asked);
    expect(after).toEqual(before);
    expect(edge.workflows.started).toHaveLength(1);
  });

  it("refuses fields that are missing or malformed, and writes nothing down", async () => {
    const rider = edge.rider("sloppy");
    for (const wrong of [{ tripId: "42" }, { vehicleId: "" }, { paymentMethod: "" }]) {
      const refusal = await refusalOf(rider.startTrip({ ...request(), ...wrong }));
      expect(refusal?.code).toBe(Code.InvalidArgument);
      expect(refusal?.sentence).toMatch(/trip_id|vehicle_id|payment_method/);
    }
    expect((await rider.listTrips({})).trips).toEqual([]);
    expect(edge.workflows.started).toHaveLength(0);
  });

  it("is for riders alone", async () => {
    const refusal = await refusalOf(edge.operator.startTrip(request()));
    expect(refusal?.code).toBe(Code.PermissionDenied);
  });
});
