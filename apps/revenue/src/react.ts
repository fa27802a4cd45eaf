import type { EventRouter } from "@fanfare/bus";
import { RefundEvents } from "@fanfare/contracts/trips/v1/refund_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Inbox } from "@fanfare/reactor";
import { computeRefund, computeRevenue } from "./revenue.ts";
import { addRevenue } from "./store.ts";
import type { RevenueDatabase } from "./tables.ts";

/** Returns the bindings that record the revenue of each completed trip and of each refund, once. */
export function react(inbox: Inbox<RevenueDatabase>): (on: EventRouter) => void {
  return (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(async (trip, tx) => {
        await addRevenue(tx, computeRevenue(trip));
      }),
    });
    on.service(RefundEvents, {
      tripRefunded: inbox(async (refund, tx) => {
        await addRevenue(tx, computeRefund(refund));
      }),
    });
  };
}
