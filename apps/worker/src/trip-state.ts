import type { CompensationCause } from "@fanfare/saga";
import type { Amount, CompensationResult, CompletedDrive, Refusal } from "@fanfare/trip-contract";

/** TripState is what a trip's workflow remembers, for its updates to answer from. */
export interface TripState {
  /** Set while the registry is asked whether what is left of the trip is compensated or settled. */
  recovering?: true;
  /** Set once the registry is asked to say ACTIVE, and may say so. */
  activating?: true;
  /** When the drive began; set once the registry says ACTIVE. */
  startedAt?: string;
  /** When the rider asked to end the drive. */
  endRequestedAt?: string;
  /** Set once the registry says ENDED. */
  ended?: CompletedDrive;
  /** Set once the registry says SETTLED. */
  settled?: Amount;
  /** Set once the registry says CANCELLED, or NEEDS_ATTENTION before the pivot. */
  compensated?: CompensationResult;
}

/** Cancelled is an Compensated of which nothing is left. */
export interface Cancelled extends CompensationResult {
  readonly status: "CANCELLED";
}

/** describeCompensation says to a rider why a trip is compensated. */
export function describeCompensation(cause: CompensationCause): Cancelled {
  const status = "CANCELLED";
  if (cause.kind === "cancelled") {
    return { status, reason: cause.by === "temporal" ? "cancelled in Temporal" : cause.message };
  }
  const refusal = refusalFor(cause);
  return { status, reason: refusal.message, refusal };
}

function refusalFor(cause: Exclude<CompensationCause, { kind: "cancelled" }>): Refusal {
  const { step, message } = cause;
  if (cause.kind === "refused") return { code: cause.code, message, step };
  const advice = `${step} did not succeed by its deadline (${message}): start another trip, later`;
  return { code: "aborted", message: advice, step };
}

/** driveEnd is when the drive ended: when the rider asked, at the latest after the maximum drive. */
export function driveEnd(
  startedAt: string,
  endRequestedAt: string | undefined,
  maximumDriveMs: number,
): string {
  const latest = Date.parse(startedAt) + maximumDriveMs;
  const asked = endRequestedAt === undefined ? latest : Date.parse(endRequestedAt);
  return new Date(Math.min(asked, latest)).toISOString();
}
