import { create } from "@bufbuild/protobuf";
import { TripStep_State, TripStepSchema } from "@fanfare/contracts/operators/v1/trip_operations";
import { OperatorTripSchema } from "@fanfare/contracts/trips/v1/operator_trip";
import { describe, expect, it } from "vitest";
import { listHeld } from "./list-held.ts";

const trip = create(OperatorTripSchema, { vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });

function held(states: Record<string, keyof typeof TripStep_State>): string[] {
  const steps = Object.entries(states).map(([name, state]) =>
    create(TripStepSchema, { name, state: TripStep_State[state] }),
  );
  return listHeld(trip, steps);
}

describe("listHeld()", () => {
  it("lists what is not compensated, parked or not", () => {
    const states = { "reserve-vehicle": "PARKED", "open-tab": "DONE" } as const;
    expect(held({ ...states, "charge-unlock-fee": "COMPENSATED" })).toEqual([
      "vehicle-1",
      "authorisation on pm_card_visa",
    ]);
  });

  it("lists a failed step, which may have taken effect", () => {
    expect(held({ "accept-trip": "DONE", "reserve-vehicle": "FAILED" })).toEqual(["vehicle-1"]);
  });

  it("omits what was released or captured after the drive", () => {
    const begun = { "reserve-vehicle": "DONE", "open-tab": "DONE", "charge-fare": "DONE" } as const;
    expect(held({ ...begun, "release-vehicle": "DONE", capture: "PARKED" })).toEqual([
      "authorisation on pm_card_visa",
      "fare",
    ]);
    expect(held({ ...begun, "release-vehicle": "PARKED", capture: "DONE" })).toEqual(["vehicle-1"]);
  });
});
