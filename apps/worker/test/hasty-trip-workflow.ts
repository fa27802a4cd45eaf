import type { TripInput, TripOutcome, TripTimings } from "../src/contract.ts";
import { trip as usualTrip } from "../src/trip-workflow.ts";

const hasty: Partial<TripTimings> = {
  stepDeadlineMs: 3_000,
  undoDeadlineMs: 3_000,
  delayedAfterMs: 500,
};

/** trip is the trip workflow, with short deadlines for riders whose name begins with `hasty`. */
export function trip(input: TripInput): Promise<TripOutcome> {
  return usualTrip(input.riderId.startsWith("hasty") ? { ...input, timings: hasty } : input);
}
