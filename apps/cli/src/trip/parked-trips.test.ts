import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  TripOperationsService,
  TripStep_State,
} from "@fanfare/contracts/operators/v1/trip_operations";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { listParkedTrips, resolveTrip, retryTrip } from "./parked-trips.ts";
import type { OperatorContext } from "./trip-context.ts";

const tripId = "0e1f5cb4-7a25-4b6e-9a2f-3b8f2c7d9e10";

const resumed = "5c1c2f5e-52c9-4ad5-9a6c-0a1a3d0a6c11";
const silent = "9d9a35b0-6f0e-4a53-8a3d-51c9b1a1f0aa";

/** Creates a context whose API has one parked trip, with the requests and the printed lines. */
function createOperator(json = false) {
  const requests: object[] = [];
  const lines: string[] = [];
  const transport = createRouterTransport((router) => {
    router.service(TripOperationsService, {
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
      retryTrip: (request) => (requests.push(request), { steps: ["capture", "release-vehicle"] }),
      resolveTrip: (request) => (requests.push(request), { steps: ["capture"] }),
    });
  });
  const terminal: OperatorContext["terminal"] = {
    line: (text = "") => void lines.push(text),
    colour: (_, text) => text,
  };
  const client = createClient(TripOperationsService, transport);
  return { context: { role: "operator", client, terminal, json } as const, requests, lines };
}

describe("listParkedTrips()", () => {
  it("lists the parked step, what the trip holds, and the error", async () => {
    const { context, lines } = createOperator();
    await listParkedTrips(context, { tripIds: [tripId], more: true });
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ["TRIP", "STATUS", "RIDER", "PARKED", "HOLDS", "ERROR"],
      [tripId, "NEEDS_ATTENTION", "rosa", "capture", "authorisation on pm_card_visa", "no"],
      ["There are more: raise --limit"],
    ]);
  });

  it("omits a trip that has resumed", async () => {
    const { context, lines } = createOperator();
    await listParkedTrips(context, { tripIds: [resumed], more: false });
    expect(lines).toEqual(["No trip is parked."]);
  });

  it("lists a trip whose workflow does not answer", async () => {
    const { context, lines } = createOperator();
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

  it("prints JSON", async () => {
    const { context, lines } = createOperator(true);
    await listParkedTrips(context, { tripIds: [resumed, tripId], more: false });
    expect(JSON.parse(lines.join())).toMatchObject({
      trips: [{ trip: { tripId }, parked: [{ name: "capture", lastError: "no" }] }],
      more: false,
    });
  });
});

describe("retryTrip()", () => {
  it("prints the steps that are retried", async () => {
    const { context, requests, lines } = createOperator();
    await retryTrip(context, { tripId });
    expect(requests).toMatchObject([{ tripId, step: "" }]);
    expect(lines).toEqual(["Retrying capture, release-vehicle."]);
  });
});

describe("resolveTrip()", () => {
  it("sends the note, and prints JSON", async () => {
    const { context, requests, lines } = createOperator(true);
    await resolveTrip(context, { tripId, note: "paid in cash", step: "capture" });
    expect(requests).toMatchObject([{ tripId, note: "paid in cash", step: "capture" }]);
    expect(lines).toEqual(['{"steps":["capture"]}']);
  });
});
