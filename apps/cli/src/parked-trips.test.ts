import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { TripStatus, TripStep_State, TripsService } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { listParkedTrips, resolveTrip, retryTrip } from "./parked-trips.ts";
import type { TripContext } from "./trip.ts";

const tripId = "0e1f5cb4-7a25-4b6e-9a2f-3b8f2c7d9e10";

const resumed = "5c1c2f5e-52c9-4ad5-9a6c-0a1a3d0a6c11";
const silent = "9d9a35b0-6f0e-4a53-8a3d-51c9b1a1f0aa";

/** operator is a context whose API has one stuck trip, and what it was asked and printed. */
function operator(json = false) {
  const asked: object[] = [];
  const lines: string[] = [];
  const transport = createRouterTransport((router) => {
    router.service(TripsService, {
      getTrip: ({ tripId: of }) => ({
        trip: {
          tripId: of,
          riderId: "rosa",
          paymentMethod: "pm_card_visa",
          status: TripStatus.NEEDS_ATTENTION,
          reason: "capture: no",
        },
      }),
      getTripProgress: (request) => {
        if (request.tripId === silent) throw new ConnectError("no worker", Code.Unavailable);
        return {
          steps: [
            { name: "open-tab", state: TripStep_State.DONE },
            {
              name: "capture",
              lastError: "no",
              state: request.tripId === tripId ? TripStep_State.PARKED : TripStep_State.RUNNING,
            },
          ],
        };
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

describe("listParkedTrips()", () => {
  it("lists what waits, what is held, and why", async () => {
    const { context, lines } = operator();
    await listParkedTrips(context, { tripIds: [tripId], more: true });
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ["TRIP", "STATUS", "RIDER", "WAITS", "HOLDS", "WHY"],
      [tripId, "NEEDS_ATTENTION", "rosa", "capture", "authorisation on pm_card_visa", "no"],
      ["more: raise --limit"],
    ]);
  });

  it("leaves out one that goes on by now", async () => {
    const { context, lines } = operator();
    await listParkedTrips(context, { tripIds: [resumed], more: false });
    expect(lines).toEqual(["no trip waits for an operator"]);
  });

  it("lists one whose workflow does not answer", async () => {
    const { context, lines } = operator();
    await listParkedTrips(context, { tripIds: [silent], more: false });
    expect(lines[1]?.split(/ {2,}/)).toEqual([
      silent,
      "NEEDS_ATTENTION",
      "rosa",
      "unknown",
      "unknown",
      "capture: no",
    ]);
  });

  it("answers JSON", async () => {
    const { context, lines } = operator(true);
    await listParkedTrips(context, { tripIds: [resumed, tripId], more: false });
    expect(JSON.parse(lines.join())).toMatchObject({
      trips: [{ trip: { tripId }, waiting: [{ name: "capture", lastError: "no" }] }],
      more: false,
    });
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
