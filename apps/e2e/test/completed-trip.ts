import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TripCompletedSchema } from "@fanfare/contracts/trips/v1/trip_events";

const euros = (minorUnits: bigint) => ({ minorUnits, currency: "EUR" });
/** completedTrip is a trip of 23 minutes that was paid for. */
export const completedTrip = create(TripCompletedSchema, {
  tripId: "0b0a8c5e-6f0c-4c39-9f4e-1d6a3b9c7d21",
  riderId: "alice",
  vehicleId: "vehicle-7",
  startedAt: timestampFromDate(new Date("2026-11-21T10:00:00Z")),
  endedAt: timestampFromDate(new Date("2026-11-21T10:23:00Z")),
  unlockFee: euros(100n),
  fare: euros(690n),
  settled: euros(790n),
});
