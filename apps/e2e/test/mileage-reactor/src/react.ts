import type { EventRouter } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Inbox } from "@fanfare/reactor";

/** The tables of the mileage database. */
export interface MileageDatabase {
  vehicles: { vehicle_id: string; trips: number };
}

/** Returns the bindings that count each completed trip, once. */
export function react(inbox: Inbox<MileageDatabase>): (on: EventRouter) => void {
  return (on) => {
    on.service(TripEvents, {
      tripCompleted: inbox(async ({ vehicleId }, tx) => {
        await tx
          .insertInto("vehicles")
          .values({ vehicle_id: vehicleId, trips: 1 })
          .onConflict((conflict) =>
            conflict.column("vehicle_id").doUpdateSet((eb) => ({
              trips: eb("vehicles.trips", "+", 1),
            })),
          )
          .execute();
      }),
    });
  };
}
