import { createSaga } from "@fanfare/saga";
import { defaultTimings, steps, type TripInput } from "@fanfare/trip-contract";
import { handleTripUpdates } from "../src/workflow/handle-trip-updates.ts";
import { createSagaHooks } from "../src/workflow/saga-hooks.ts";
import { createTripCalls } from "../src/workflow/trip-calls.ts";
import { createTripRecorder } from "../src/workflow/trip-recorder.ts";
import { createTripSteps } from "../src/workflow/trip-steps.ts";

/** A trip workflow that opens the tab before it reserves the vehicle, to which histories do not replay. */
export async function trip(input: TripInput): Promise<void> {
  const { tripId, riderId, vehicleId, paymentMethod } = input;
  const timings = defaultTimings;
  const calls = createTripCalls({ allowLocal: true });
  const recorder = createTripRecorder({ tripId, calls, listResolved: () => [] });
  const saga = createSaga(createSagaHooks(recorder, {}));
  handleTripUpdates(saga, {});
  const deps = { saga, calls, tripId, timings, state: {}, recovery: undefined };
  const { compensatable } = createTripSteps(deps);
  const tries = "local-first";
  await saga.run(async () => {
    const acceptance = recorder.nextChange(steps.acceptTrip);
    await compensatable(steps.acceptTrip, {
      tries,
      run: (activities) => activities.acceptTrip(acceptance),
      compensate,
      status: "PENDING",
    });
    const opening = { riderId, paymentMethod, limit: { minorUnits: 100, currency: "EUR" } };
    await compensatable(steps.openTab, {
      tries,
      run: (activities, call) => activities.openTab({ ...call, ...opening }),
      compensate,
    });
    await compensatable(steps.reserveVehicle, {
      tries,
      run: (activities, call) => activities.reserveVehicle({ ...call, vehicleId }),
      compensate,
    });
  });
}

async function compensate(): Promise<void> {}
