// The recorded requests to end or cancel a trip, its stop requests. A trip has at most one: the first wins.
import { Code, ConnectError } from "@connectrpc/connect";
import { getTariff, limitDriveEnd } from "./fare.ts";
import { isGraceOver } from "./grace.ts";
import type { TripRow } from "./tables.ts";
import { cancel, type Transition } from "./transitions.ts";
import { isCompensating, isEndParked } from "./trip-phase.ts";

/** The time in milliseconds after which the reconciler delivers a request that its call did not. */
const deliverAfterMs = 2_000;

/** The operator who stops a trip on behalf of its rider, and why. */
export interface OnBehalf {
  readonly operator: string;
  readonly reason: string;
}

/**
 * Records the request to end the drive, and the operator who decided it if `onBehalf` is given. Its time is the
 * end of the drive. Changes nothing when the end was requested before, or the drive has ended. Throws
 * failed_precondition when the trip has no drive to end, or was cancelled first.
 */
export function requestEnd(onBehalf?: OnBehalf): Transition {
  return (trip, now) => {
    if (trip.ended_at !== null || trip.stop_kind === "END") return undefined;
    if (trip.stop_kind === "CANCEL" || trip.status !== "ACTIVE") throw createCannotEndError(trip);
    return {
      stop_kind: "END",
      // A transaction that began before the activation of the trip may record the request after it.
      stop_requested_at: trip.started_at !== null && now < trip.started_at ? trip.started_at : now,
      stop_deliver_at: addMs(now, deliverAfterMs),
      ...(onBehalf && {
        stop_reason: onBehalf.reason,
        stop_operator: onBehalf.operator,
        decision: `${onBehalf.operator} ended the drive: ${onBehalf.reason}`,
      }),
    };
  };
}

/**
 * Records the end of the longest drive as the request to end it, unless a request came first. From then on
 * the trip cannot be cancelled. Throws failed_precondition when the trip has no drive.
 */
export function limitDrive(latest: Date): Transition {
  return (trip, now) => {
    if (trip.ended_at !== null || trip.stop_kind !== null || isCompensating(trip)) return undefined;
    const { started_at: startedAt } = trip;
    if (startedAt === null) throw createCannotEndError(trip);
    const endedAt = limitDriveEnd(getTariff(trip), {
      startedAt,
      endedAt: latest < now ? latest : now,
    });
    return { stop_kind: "END", stop_requested_at: endedAt };
  };
}

/** Who cancels a trip, and why. */
export interface Cancellation {
  readonly reason: string;
  /** The operator who cancels it. Absent for its rider. */
  readonly operator?: string | undefined;
}

/**
 * Records the request to cancel the trip. Cancels a REQUESTED trip at once: no workflow has accepted it, so
 * it holds nothing, and a workflow that begins later fails at its first step. Changes nothing when the
 * cancellation was requested before, or the trip is being compensated. Throws failed_precondition when the
 * cancellation grace is over, the drive has ended, or its end was requested first.
 */
export function requestCancel({ reason, operator }: Cancellation): Transition {
  return (trip, now) => {
    if (isCompensating(trip) || trip.stop_kind === "CANCEL") return undefined;
    const decided =
      operator === undefined
        ? ({ cancelled_by: "RIDER" } as const)
        : ({ cancelled_by: "OPERATOR", decision: `${operator} cancelled: ${reason}` } as const);
    if (trip.status === "REQUESTED") {
      const patch = cancel(reason)(trip, now);
      return patch && { ...patch, ...decided };
    }
    if (trip.ended_at !== null || trip.stop_kind === "END" || isEndParked(trip)) {
      throw createCannotCancelError(trip);
    }
    if (isGraceOver(trip, now)) throw createGraceOverError(trip);
    return {
      stop_kind: "CANCEL",
      stop_requested_at: now,
      stop_reason: reason,
      stop_operator: operator ?? null,
      stop_deliver_at: addMs(now, deliverAfterMs),
      ...decided,
    };
  };
}

/** Creates the failed_precondition error for a trip whose drive cannot be ended. */
export function createCannotEndError(trip: TripRow): ConnectError {
  return new ConnectError(`trip ${trip.trip_id} ${explainEnd(trip)}`, Code.FailedPrecondition);
}

function explainEnd(trip: TripRow): string {
  const { status } = trip;
  if (isCompensating(trip)) return `is ${status}: there is no drive to end`;
  if (trip.stop_kind === "CANCEL")
    return `is ${status} and was cancelled before: there is no drive to end`;
  if (status === "REQUESTED" || status === "PENDING") {
    return `is ${status}: its drive has not begun. End it once it is ACTIVE, or cancel it`;
  }
  return `is ${status} and cannot be ended: ask an operator`;
}

function createGraceOverError(trip: TripRow): ConnectError {
  const graceS = getTariff(trip).graceMs / 1_000;
  return new ConnectError(
    `trip ${trip.trip_id} is ${trip.status} and its cancellation grace of ${graceS} s is over: end the trip instead`,
    Code.FailedPrecondition,
  );
}

/** Creates the failed_precondition error for a trip that can no longer be cancelled. */
export function createCannotCancelError(trip: TripRow): ConnectError {
  return new ConnectError(
    `trip ${trip.trip_id} is ${trip.status}${explainCancel(trip)}: it can no longer be cancelled. Ask the operator if its fare is wrong`,
    Code.FailedPrecondition,
  );
}

function explainCancel(trip: TripRow): string {
  if (isEndParked(trip)) return ", its drive has ended and waits for an operator";
  if (trip.ended_at !== null) return ", its drive has ended";
  return trip.stop_kind === "END" ? ", the end of its drive was requested" : "";
}

function addMs(time: Date, ms: number): Date {
  return new Date(time.getTime() + ms);
}
