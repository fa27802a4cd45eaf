import { defaultTimings, type TripInput } from "@fanfare/trip-contract";
import { ApplicationFailure } from "@temporalio/workflow";

const texts = ["tripId", "riderId", "vehicleId", "paymentMethod", "requestedAt"] as const;

/**
 * checkTripInput fails the workflow, for good, when it was started with something else than a trip: a
 * mistake of whoever started it, which no other code and no retry can mend.
 */
export function checkTripInput(input: unknown): asserts input is TripInput {
  if (!isRecord(input)) throw invalid("it is not an object");
  for (const name of texts) {
    if (typeof input[name] !== "string" || input[name] === "") throw invalid(`${name} is missing`);
  }
  const timings = input["timings"] ?? {};
  if (!isRecord(timings)) throw invalid("timings is not an object");
  for (const name of Object.keys(defaultTimings)) {
    const ms = timings[name];
    if (ms === undefined) continue;
    if (typeof ms !== "number" || !(ms > 0)) throw invalid(`timings.${name} is not above 0`);
  }
  checkRecovery(input["recovery"]);
}

/** checkRecovery does the same for what a trip is started again with. */
function checkRecovery(recovery: unknown): void {
  if (recovery === undefined) return;
  if (!isRecord(recovery)) throw invalid("recovery is not an object");
  const { reason, versionFloor } = recovery;
  if (typeof reason !== "string" || reason === "") throw invalid("recovery.reason is missing");
  if (!Number.isSafeInteger(versionFloor)) throw invalid("recovery.versionFloor is not whole");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function invalid(reason: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`this is no trip: ${reason}`, "InvalidInput");
}
