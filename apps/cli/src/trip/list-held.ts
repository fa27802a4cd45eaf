import { type TripStep, TripStep_State } from "@fanfare/contracts/operators/v1/trip_operations";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";

/** Returns in words what a trip still holds or may hold: its vehicle, its authorisation and its charges. */
export function listHeld(trip: OperatorTrip, steps: readonly TripStep[]): string[] {
  const findState = (name: string) => steps.find((step) => step.name === name)?.state;
  // A step that has started may have taken effect, also when its call failed.
  const taken = (name: string) =>
    findState(name) !== undefined && findState(name) !== TripStep_State.COMPENSATED;
  const done = (name: string) => findState(name) === TripStep_State.DONE;

  const held: string[] = [];
  if (taken("reserve-vehicle") && !done("release-vehicle")) held.push(trip.vehicleId);
  if (!done("capture")) {
    if (taken("open-tab")) held.push(`authorisation on ${trip.paymentMethod}`);
    if (taken("charge-unlock-fee")) held.push("unlock fee");
    if (taken("charge-fare")) held.push("fare");
  }
  return held;
}
