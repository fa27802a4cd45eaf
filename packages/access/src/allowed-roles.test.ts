import { TariffService } from "@fanfare/contracts/trips/v1/tariffs";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { allowedRoles, findUnguardedMethods } from "./allowed-roles.ts";

describe("allowedRoles()", () => {
  it("lists the roles of the option", () => {
    expect(allowedRoles(TariffService.method.getTariff)).toEqual(["rider", "operator"]);
    expect(allowedRoles(TripEvents.method.tripCompleted)).toEqual([]);
  });
});

describe("findUnguardedMethods()", () => {
  it("names the methods without the option", () => {
    expect(findUnguardedMethods([TripsService, TripEvents])).toEqual([
      "trips.v1.TripEvents/TripCompleted",
    ]);
  });
});
