import type { CompensationCause } from "@fanfare/saga";
import type { CompensationResult, Refusal } from "@fanfare/trip-contract";
import { cancelledInTemporal } from "./decide-cancellation.ts";

/** A trip of which nothing is left. */
export interface CancelledTrip extends CompensationResult {
  readonly status: "CANCELLED";
}

/** Describes to a rider why a trip was compensated. */
export function describeCompensation(cause: CompensationCause): CancelledTrip {
  const status = "CANCELLED";
  if (cause.kind === "cancelled") {
    return { status, reason: cause.by === "temporal" ? cancelledInTemporal : cause.message };
  }
  const refusal = createRefusal(cause);
  return { status, reason: refusal.message, refusal };
}

function createRefusal(cause: Exclude<CompensationCause, { kind: "cancelled" }>): Refusal {
  const { step, message } = cause;
  if (cause.kind === "refused") return { code: cause.code, message, step };
  const advice = `${step} did not succeed within its timeout (${message}): start another trip later`;
  return { code: "aborted", message: advice, step };
}
