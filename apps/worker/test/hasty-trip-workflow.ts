import type { TripInput, TripOutcome, TripTimings } from "@fanfare/trip-contract";
import { ApplicationFailure, sleep } from "@temporalio/workflow";
import { trip as usualTrip } from "../src/trip-workflow.ts";

export { refund } from "../src/refund-workflow.ts";

const hasty: Partial<TripTimings> = {
  stepTimeoutMs: 3_000,
  compensationTimeoutMs: 3_000,
  delayedAfterMs: 500,
};

/**
 * The trip workflow, with short timeouts for riders whose name begins with `hasty`. For those of
 * `unlucky` it fails after a second, without compensating anything.
 */
export async function trip(input: TripInput): Promise<TripOutcome> {
  if (input.riderId.startsWith("unlucky") && input.recovery === undefined) {
    await Promise.race([usualTrip(input), sleep(1_000)]);
    throw ApplicationFailure.nonRetryable("an unexpected failure");
  }
  return await usualTrip(input.riderId.startsWith("hasty") ? { ...input, timings: hasty } : input);
}
