import { createClient, createRouterTransport } from "@connectrpc/connect";
import { TripStatus, TripsService } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { resolveTrip, retryTrip, stuckTrips } from "./stuck-trips.ts";
import type { TripContext } from "./trip.ts";

const tripId = "0e1f5cb4-7a25-4b6e-9a2f-3b8f2c7d9e10";

/** operator is a context whose API has one stuck trip, and what it was asked and printed. */
function operator(json = false) {
  const asked: object[] = [];
  const lines: string[] = [];
  const transport = createRouterTransport((router) => {
    router.service(TripsService, {
      listTrips({ status }) {
        const stuck = { tripId, riderId: "rosa", vehicleId: "vehicle-1", reason: "capture: no" };
        return { trips: status === TripStatus.NEEDS_ATTENTION ? [stuck] : [] };
      },
      retryTrip: (request) => (asked.push(request), { steps: ["capture", "release-vehicle"] }),
      resolveTrip: (request) => (asked.push(request), { steps: ["capture"] }),
    });
  });
  const terminal: TripContext["terminal"] = {
    line: (text = "") => void lines.push(text),
    colour: (_, text) => text,
  };
  const client = createClient(TripsService, transport);
  return { context: { client, terminal, json }, asked, lines };
}

describe("stuckTrips()", () => {
  it("lists what waits, and for what", async () => {
    const { context, lines } = operator();
    await stuckTrips(context, { limit: 20 });
    expect(lines).toEqual([`${tripId}  rosa  vehicle-1  capture: no`]);
  });
});

describe("retryTrip()", () => {
  it("says which steps are tried again", async () => {
    const { context, asked, lines } = operator();
    await retryTrip(context, { tripId });
    expect(asked).toMatchObject([{ tripId, step: "" }]);
    expect(lines).toEqual(["retrying capture, release-vehicle"]);
  });
});

describe("resolveTrip()", () => {
  it("sends the note, and can answer JSON", async () => {
    const { context, asked, lines } = operator(true);
    await resolveTrip(context, { tripId, note: "paid in cash", step: "capture" });
    expect(asked).toMatchObject([{ tripId, note: "paid in cash", step: "capture" }]);
    expect(lines).toEqual(['{"steps":["capture"]}']);
  });
});
