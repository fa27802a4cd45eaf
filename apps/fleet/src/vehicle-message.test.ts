import { VehicleState } from "@fanfare/contracts/fleet/v1/fleet";
import { describe, expect, it } from "vitest";
import type { VehicleRow } from "./tables.ts";
import { toVehicle } from "./vehicle-message.ts";

const row: VehicleRow = {
  vehicle_id: "vehicle-1",
  model: "Renault Zoe",
  latitude: 45.748,
  longitude: 4.828,
  in_service: true,
  trip_id: null,
};
const trip = "7f0f9a34-6b53-4bd7-9a52-9f5a1f0b1d11";

describe("toVehicle()", () => {
  it.each([
    { is: "available when no trip holds it", row, state: VehicleState.AVAILABLE },
    {
      is: "in use when a trip holds it",
      row: { ...row, trip_id: trip },
      state: VehicleState.IN_USE,
    },
    {
      is: "out of service when it is not in service",
      row: { ...row, in_service: false },
      state: VehicleState.OUT_OF_SERVICE,
    },
    {
      is: "in use until its release, even out of service",
      row: { ...row, in_service: false, trip_id: trip },
      state: VehicleState.IN_USE,
    },
  ])("is $is", ({ row: vehicle, state }) => {
    expect(toVehicle(vehicle, { showHolder: true }).state).toBe(state);
  });

  it("includes its holder only with showHolder", () => {
    const held = { ...row, trip_id: trip };
    expect(toVehicle(held, { showHolder: true }).tripId).toBe(trip);
    expect(toVehicle(held, { showHolder: false }).tripId).toBe("");
  });
});
