import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type TripCompleted, TripCompletedSchema } from "@fanfare/contracts/trips/v1/trip_events";

type Fields = Exclude<MessageInitShape<typeof TripCompletedSchema>, TripCompleted>;

/**
 * Creates the event of a trip of 23 minutes for 12.50 EUR, with a trip ID of its own. `fields`
 * replaces single fields.
 */
export function completedTrip(fields: Fields = {}): TripCompleted {
  return create(TripCompletedSchema, {
    tripId: crypto.randomUUID(),
    riderId: "rider-1",
    vehicleId: "vehicle-1",
    startedAt: timestampFromDate(new Date("2026-11-21T10:00:00Z")),
    endedAt: timestampFromDate(new Date("2026-11-21T10:23:00Z")),
    unlockFee: { minorUnits: 100n, currency: "EUR" },
    fare: { minorUnits: 1150n, currency: "EUR" },
    settled: { minorUnits: 1250n, currency: "EUR" },
    tariffId: "launch",
    ...fields,
  });
}
