import { toJsonString } from "@bufbuild/protobuf";
import type { EventRouter } from "@fanfare/bus";
import { RefundEvents, TripRefundedSchema } from "@fanfare/contracts/trips/v1/refund_events";
import { TripCompletedSchema, TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Inbox } from "@fanfare/reactor";
import { addDraft } from "./draft-store.ts";
import { readRefund, readTrip } from "./read-events.ts";
import type { NotificationsDatabase } from "./tables.ts";

/**
 * Returns the bindings that store the draft of a receipt for each completed trip, and for each of its refunds, once.
 * `startWriting` writes the receipt and `startSending` sends it, each after the transaction before it has committed.
 */
export function react(inbox: Inbox<NotificationsDatabase>): (on: EventRouter) => void {
  return (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(async (trip, tx) => {
        // What no receipt can be written from is dead-lettered.
        readTrip(trip);
        await addDraft(tx, {
          trip_id: trip.tripId,
          rider_id: trip.riderId,
          refund_id: null,
          event: toJsonString(TripCompletedSchema, { ...trip, riderId: "" }),
        });
      }),
    });
    on.service(RefundEvents, {
      tripRefunded: inbox(async (refund, tx) => {
        readRefund(refund);
        await addDraft(tx, {
          trip_id: refund.tripId,
          rider_id: refund.riderId,
          refund_id: refund.refundId,
          event: toJsonString(TripRefundedSchema, { ...refund, riderId: "" }),
        });
      }),
    });
  };
}
