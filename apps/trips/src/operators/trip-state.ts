import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import type { TripRow } from "../registry/tables.ts";
import type { EntryState } from "./operator-log.ts";

/**
 * Returns what the operator log keeps of a trip. The words with which its rider cancelled it are not part of that:
 * the erasure of a rider removes them, and nothing is removed from the log.
 */
export function toTripState(trip: TripRow): EntryState {
  const { status, version, decision } = trip;
  const isRiders = trip.cancelled_by === "RIDER" && trip.reason === trip.compensation_reason;
  const reason = isRiders ? null : trip.reason;
  return {
    state: {
      case: "trip",
      value: {
        status: TripStatus[status],
        version: BigInt(version),
        reason: reason ?? "",
        decision: decision ?? "",
      },
    },
  };
}
