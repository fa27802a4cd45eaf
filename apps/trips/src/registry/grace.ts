// The pivot of a trip. From then on it cannot be cancelled: its cancellation grace is over, or the end of its
// drive was requested.
import { getTariff } from "./fare.ts";
import type { TripRow } from "./tables.ts";
import { createTransitionError, type Transition } from "./transitions.ts";
import { isCompensating } from "./trip-phase.ts";

/** Returns how much of the cancellation grace is left, in milliseconds. A drive that has not begun has all of it. */
export function getRemainingGraceMs(trip: TripRow, now: Date): number {
  const { graceMs } = getTariff(trip);
  if (trip.grace_ended_at !== null) return 0;
  if (trip.started_at === null) return graceMs;
  return Math.max(0, trip.started_at.getTime() + graceMs - now.getTime());
}

/** Returns whether the grace is over. A drive that has not begun has all of it, also one without a grace. */
export function isGraceOver(trip: TripRow, now: Date): boolean {
  return trip.started_at !== null && getRemainingGraceMs(trip, now) === 0;
}

/**
 * Records that the grace is over, unless the trip was cancelled or some of the grace is left. No cancellation
 * is recorded from then on, even if the clock is set back. Throws when the trip has no drive.
 */
export function endGrace(): Transition {
  return (trip, now) => {
    if (isCompensating(trip) || trip.stop_kind === "CANCEL") return undefined;
    if (trip.grace_ended_at !== null) return undefined;
    if (trip.started_at === null) throw createTransitionError(trip, "past its pivot");
    const isEnding = trip.stop_kind === "END" || trip.ended_at !== null;
    if (!isEnding && !isGraceOver(trip, now)) return undefined;
    return { grace_ended_at: now };
  };
}

/**
 * Records a cancellation that the workflow cannot refuse, unless a request came first: before the pivot it
 * cancels the trip, and after it ends the drive now.
 */
export function stopTrip(reason: string): Transition {
  return (trip, now) => {
    if (trip.ended_at !== null || trip.stop_kind !== null || isCompensating(trip)) return undefined;
    const { started_at: startedAt } = trip;
    if (startedAt === null || !isGraceOver(trip, now)) {
      return { stop_kind: "CANCEL", stop_requested_at: now, stop_reason: reason };
    }
    return { stop_kind: "END", stop_requested_at: now < startedAt ? startedAt : now };
  };
}
