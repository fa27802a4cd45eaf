import { steps } from "@fanfare/trip-contract";
import type { TripRow } from "./tables.ts";

/** Returns whether a step of the trip is parked. Its name begins the reason. */
export function isParkedAt({ reason }: TripRow, step: string): boolean {
  return reason?.startsWith(`${step}: `) === true;
}

/**
 * Returns whether the drive of a NEEDS_ATTENTION trip is over although its end is not recorded: the step
 * that waits for it or the one that records it is parked. Neither has a compensation, and in every other parked
 * trip without an end, a compensation is parked.
 */
export function isEndParked(trip: TripRow): boolean {
  return (
    trip.status === "NEEDS_ATTENTION" &&
    trip.ended_at === null &&
    (isParkedAt(trip, steps.drive) || isParkedAt(trip, steps.completeDrive))
  );
}

/** Returns whether the compensation of the trip has begun. It may be parked, or done. */
export function isCompensating(trip: TripRow): boolean {
  if (trip.compensation_reason !== null) return true;
  // Processes of older versions record no reason of its own.
  if (trip.status === "COMPENSATING" || trip.status === "CANCELLED") return true;
  // The record of a parked compensation may overtake that of its beginning.
  return trip.status === "NEEDS_ATTENTION" && trip.ended_at === null && !isEndParked(trip);
}
