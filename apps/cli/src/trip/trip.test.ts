import { createClient, createRouterTransport } from "@connectrpc/connect";
import {
  TripOperationsService,
  TripStep_State,
} from "@fanfare/contracts/operators/v1/trip_operations";
import { TripStatus, TripsService } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { endTrip, getTrip } from "./trip.ts";
import type { OperatorContext, RiderContext } from "./trip-context.ts";

const tripId = "0e1f5cb4-7a25-4b6e-9a2f-3b8f2c7d9e10";

/** Creates the contexts of a rider and an operator of one trip, with what they print. */
function createContexts(json = false) {
  const lines: string[] = [];
  const ended: object[] = [];
  const trip = { tripId, status: TripStatus.NEEDS_ATTENTION };
  const transport = createRouterTransport((router) => {
    router.service(TripsService, {
      getTrip: () => ({ trip: { ...trip, reason: "an operator attends to the trip" } }),
      endTrip: () => ({ trip }),
    });
    router.service(TripOperationsService, {
      getTrip: () => ({ trip: { ...trip, reason: "capture: no", decision: "otto retried" } }),
      getTripProgress: () => ({ steps: [{ name: "capture", state: TripStep_State.PARKED }] }),
      endTrip: (request) => (ended.push(request), { trip }),
    });
  });
  const terminal = {
    line: (text = "") => void lines.push(text),
    colour: (_: string, text: string) => text,
  };
  const rider: RiderContext = {
    role: "rider",
    client: createClient(TripsService, transport),
    terminal,
    json,
  };
  const operator: OperatorContext = {
    role: "operator",
    client: createClient(TripOperationsService, transport),
    terminal,
    json,
  };
  return { rider, operator, lines, ended };
}

describe("getTrip()", () => {
  it("prints a rider the trip, and an operator its steps and decisions as well", async () => {
    const { rider, operator, lines } = createContexts();
    await getTrip(rider, tripId);
    expect(lines.splice(0).map((line) => line.split(/ {2,}/))).toEqual([
      ["trip", tripId],
      ["status", "NEEDS_ATTENTION"],
      ["reason", "an operator attends to the trip"],
    ]);
    await getTrip(operator, tripId);
    const printed = lines.join("\n");
    expect(printed).toMatch(/^decision +otto retried$/m);
    expect(printed).toMatch(/^reason +capture: no$/m);
    expect(printed).toMatch(/^ {2}capture +parked/m);
  });

  it("prints each view as JSON", async () => {
    const { rider, operator, lines } = createContexts(true);
    await getTrip(rider, tripId);
    await getTrip(operator, tripId);
    const [shown, all] = lines.map((line): unknown => JSON.parse(line));
    expect(shown).not.toHaveProperty("decision");
    expect(all).toHaveProperty("decision", "otto retried");
  });
});

it("endTrip() sends the reason of an operator", async () => {
  const { operator, ended } = createContexts();
  await endTrip(operator, tripId, "left behind");
  expect(ended).toMatchObject([{ tripId, reason: "left behind" }]);
});
