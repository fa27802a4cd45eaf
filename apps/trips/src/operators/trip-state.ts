import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import type { TripRow } from "../registry/tables.ts";
import type { EntryState } from "./operator-log.ts";

/** Returns what the operator log keeps of a trip. */
export function toTripState({ status, version, reason, decision }: TripRow): EntryState {
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
