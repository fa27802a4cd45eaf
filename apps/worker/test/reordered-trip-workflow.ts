import { createSaga } from "@fanfare/saga";
import { defaultTimings, steps, type TripInput, unlockFee } from "@fanfare/trip-contract";
import { patched } from "@temporalio/workflow";
import { createTripCalls } from "../src/calls.ts";
import { markTrip } from "../src/trip-marks.ts";
import { createTripRecords } from "../src/trip-records.ts";
import { createTripRegistry } from "../src/trip-registry.ts";
import { answerTripUpdates } from "../src/trip-updates.ts";

/**
 * trip is what somebody might make of the trip workflow who opens the tab before reserving the vehicle,
 * and does not patch it: what trips that are under way must not meet.
 */
export async function trip({
  tripId,
  riderId,
  vehicleId,
  paymentMethod,
}: TripInput): Promise<void> {
  const locally = patched("first-tries");
  const calls = createTripCalls(defaultTimings, { locally });
  const registry = createTripRegistry(tripId, calls);
  const saga = createSaga(createTripRecords(registry, {}));
  answerTripUpdates(saga, {});
  await saga.run(async () => {
    await saga.step(steps.acceptTrip, registry.accept());
    markTrip("status", "PENDING");
    const tab = { step: steps.openTab, tripId, riderId, paymentMethod, limit: unlockFee };
    await saga.step(
      steps.openTab,
      calls.before(steps.openTab, (to) => to.openTab(tab)),
    );
    const reserve = { step: steps.reserveVehicle, tripId, vehicleId };
    const reserving = calls.before(steps.reserveVehicle, (to) => to.reserveVehicle(reserve));
    await saga.step(steps.reserveVehicle, reserving);
  });
}
