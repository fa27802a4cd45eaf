import { type Trip, type TripStep, TripStep_State } from "@fanfare/contracts/trips/v1/trips";

/** heldBy is what a trip still holds, or may hold, in words: what its steps took and nobody gave back. */
export function listHeld(trip: Trip, steps: readonly TripStep[]): string[] {
  const stateOf = (name: string) => steps.find((step) => step.name === name)?.state;
  /** A step that has begun may have happened, whatever it answered. */
  const taken = (name: string) =>
    stateOf(name) !== undefined && stateOf(name) !== TripStep_State.COMPENSATED;
  const done = (name: string) => stateOf(name) === TripStep_State.DONE;

  const held: string[] = [];
  if (taken("reserve-vehicle") && !done("release-vehicle")) held.push(trip.vehicleId);
  if (!done("capture")) {
    if (taken("open-tab")) held.push(`authorisation on ${trip.paymentMethod}`);
    if (taken("charge-unlock-fee")) held.push("unlock fee");
    if (taken("charge-fare")) held.push("fare");
  }
  return held;
}
