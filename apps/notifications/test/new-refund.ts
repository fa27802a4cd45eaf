import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type TripRefunded, TripRefundedSchema } from "@fanfare/contracts/trips/v1/refund_events";

type Fields = Exclude<MessageInitShape<typeof TripRefundedSchema>, TripRefunded>;

/**
 * Creates the event of a refund of 2.50 EUR, the first one of a trip for 12.50 EUR. `fields` replaces single fields.
 */
export function newRefund(fields: Fields = {}): TripRefunded {
  return create(TripRefundedSchema, {
    tripId: crypto.randomUUID(),
    riderId: "rider-1",
    vehicleId: "vehicle-1",
    refundId: "one",
    refunded: { minorUnits: 250n, currency: "EUR" },
    totalRefunded: { minorUnits: 250n, currency: "EUR" },
    settled: { minorUnits: 1250n, currency: "EUR" },
    refundedAt: timestampFromDate(new Date("2026-11-25T10:00:00Z")),
    ...fields,
  });
}
