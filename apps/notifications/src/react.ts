import type { EventRouter } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { type InboxOptions, inbox } from "@fanfare/outbox";
import type { Kysely } from "kysely";
import { receiptOf } from "./receipt.ts";
import { addReceipt } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";

/** react writes the rider a receipt for each completed trip. The sender takes it from there. */
export function react(
  db: Kysely<NotificationsDatabase>,
  options: InboxOptions = {},
): (on: EventRouter) => void {
  return (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(
        db,
        async (trip, tx) => {
          await addReceipt(tx, receiptOf(trip));
        },
        options,
      ),
    });
  };
}
