import type { EventRouter } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Inbox } from "@fanfare/reactor";
import { writeReceipt } from "./receipt.ts";
import { addReceipt } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";

/**
 * Returns the bindings that store a receipt for each completed trip, once. `startSending` sends it
 * after the transaction has committed.
 */
export function react(inbox: Inbox<NotificationsDatabase>): (on: EventRouter) => void {
  return (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(async (trip, tx) => {
        await addReceipt(tx, writeReceipt(trip));
      }),
    });
  };
}
