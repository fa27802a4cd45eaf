import type { EventRouter } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { type InboxOptions, inbox } from "@fanfare/outbox";
import type { Kysely } from "kysely";
import { revenueOf } from "./revenue.ts";
import { addRevenue } from "./store.ts";
import type { RevenueDatabase } from "./tables.ts";

/** react makes revenue's figures follow the trips: each completed one counts once. */
export function react(
  db: Kysely<RevenueDatabase>,
  options: InboxOptions = {},
): (on: EventRouter) => void {
  return (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(
        db,
        async (trip, tx) => {
          await addRevenue(tx, revenueOf(trip));
        },
        options,
      ),
    });
  };
}
