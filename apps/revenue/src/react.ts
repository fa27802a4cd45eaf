import type { EventRouter } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Inbox } from "@fanfare/reactor";
import { computeRevenue } from "./revenue.ts";
import { addRevenue } from "./store.ts";
import type { RevenueDatabase } from "./tables.ts";

/** Returns the bindings that record the revenue of each completed trip, once. */
export function react(inbox: Inbox<RevenueDatabase>): (on: EventRouter) => void {
  return (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(async (trip, tx) => {
        await addRevenue(tx, computeRevenue(trip));
      }),
    });
  };
}
