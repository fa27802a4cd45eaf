import { type CompensationCause, createSaga, type Saga, type SagaResult } from "@fanfare/saga";
import {
  type Amount,
  type CompletedDrive,
  defaultTimings,
  launchTariff,
  priceLongestTrip,
  steps,
  type TripInput,
  type TripOutcome,
} from "@fanfare/trip-contract";
import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
} from "@temporalio/workflow";
import { cancelSaga } from "./workflow/cancel-saga.ts";
import { checkTripInput } from "./workflow/check-trip-input.ts";
import { continueAfterReset, listResolved } from "./workflow/continue-after-reset.ts";
import { decideCancellation } from "./workflow/decide-cancellation.ts";
import { type CancelledTrip, describeCompensation } from "./workflow/describe-compensation.ts";
import { drive } from "./workflow/drive.ts";
import { handleTripUpdates } from "./workflow/handle-trip-updates.ts";
import { planRecovery } from "./workflow/plan-recovery.ts";
import { publishTrip } from "./workflow/publish-trip.ts";
import { createSagaHooks } from "./workflow/saga-hooks.ts";
import { setTripAttribute } from "./workflow/set-trip-attribute.ts";
import { createTripCalls } from "./workflow/trip-calls.ts";
import { createTripRecorder } from "./workflow/trip-recorder.ts";
import type { TripState } from "./workflow/trip-state.ts";
import { createTripSteps } from "./workflow/trip-steps.ts";

/**
 * The workflow of one trip. Steps before the pivot are compensatable: when one of them fails, all that
 * began are compensated, last first. Steps after the pivot are retriable: they only go forward.
 */
export async function trip(input: TripInput): Promise<TripOutcome> {
  checkTripInput(input);
  const { tripId, riderId, vehicleId, paymentMethod, tariff = launchTariff } = input;
  const unlockFee = { minorUnits: tariff.unlockFee, currency: tariff.currency };
  const timings = { ...defaultTimings, ...input.timings };
  const state: TripState = {};
  const calls = createTripCalls({ allowLocal: input.recovery === undefined });
  const recorder = createTripRecorder({
    tripId,
    calls,
    versionFloor: input.recovery?.versionFloor,
    listResolved: () => listResolved(saga.progress()),
  });
  const deps = { tripId, calls, recorder, state };
  const saga: Saga = createSaga({
    ...createSagaHooks(recorder, state),
    onReset: () => continueAfterReset(deps),
    onCancelRequested: () => decideCancellation({ saga, ...deps }),
  });
  handleTripUpdates(saga, state);
  const recovery = input.recovery && (await planRecovery(input.recovery, deps));
  const { compensatable, retriable, throwFailure } = createTripSteps({
    saga,
    calls,
    tripId,
    timings,
    state,
    recovery,
  });

  const result = await saga.run(async () => {
    const acceptance = recorder.nextChange(steps.acceptTrip);
    await compensatable(steps.acceptTrip, {
      tries: "local-first",
      run: (activities) => activities.acceptTrip(acceptance),
      compensate: (activities, _call, cause) => {
        const { status: _, ...cancellation } = describeCompensation(cause);
        const change = recorder.nextChange(steps.acceptTrip);
        const resolvedSteps = listResolved(saga.progress());
        return activities.cancelTripRecord({ ...change, ...cancellation, resolvedSteps });
      },
      status: "PENDING",
    });

    await compensatable(steps.reserveVehicle, {
      tries: "local-first",
      run: (activities, call) => activities.reserveVehicle({ ...call, vehicleId }),
      compensate: (activities, call) => activities.releaseVehicle({ ...call, vehicleId }),
    });

    const limit = priceLongestTrip(tariff);
    await compensatable(steps.openTab, {
      tries: "local-first",
      run: (activities, call) => activities.openTab({ ...call, riderId, paymentMethod, limit }),
      compensate: (activities, call) => activities.voidTab(call),
    });

    const fee = { description: "Unlock fee", amount: unlockFee };
    await compensatable(steps.chargeUnlockFee, {
      tries: "local-first",
      run: (activities, call) => activities.charge({ ...call, ...fee }),
      compensate: (activities, call) => activities.refund(call),
    });

    // A recovered trip called none of the steps above: it is compensated now, or continues from its drive.
    if (recovery?.kind === "compensate") cancelSaga(saga, recovery.reason);
    throwFailure();
    // The pivot lies within the drive: the end of the grace, or the request to end it.
    const { startedAt, endedAt } = await saga.step(steps.drive, {
      run: () => drive({ saga, ...deps, timings, tariff }),
    });

    const completedDrive = await retriable(steps.completeDrive, {
      // The update of EndTrip leads to this step, and has to be stored before it.
      tries: "activity",
      run: (activities) =>
        activities.completeDrive({ ...recorder.nextChange(steps.completeDrive), endedAt }),
      status: "ENDED",
    });
    state.completedDrive = completedDrive;

    // The vehicle is released while the rider is charged: neither waits for the other.
    const [, settled] = await Promise.all([
      retriable(steps.releaseVehicle, {
        // Beside the local calls of the charge, which the rider waits for.
        tries: "activity",
        run: (activities, call) => activities.returnVehicle({ ...call, vehicleId }),
        resolved: () => undefined,
      }),
      chargeAndPublish({ startedAt, ...completedDrive }),
    ]);
    return settled;
  });

  return await finish(result, state);

  /** Voids the tab whose capture an operator resolved. Returns what was captured after all, or `nothing`. */
  async function release(nothing: Amount): Promise<Amount> {
    return await retriable("release-tab", {
      tries: "activity",
      run: async (activities, call) => (await activities.releaseTab(call)).captured ?? nothing,
      settled: (amount) => amount,
    });
  }

  async function chargeAndPublish(ended: { startedAt: string } & CompletedDrive): Promise<Amount> {
    const { fare } = ended;
    await retriable(steps.chargeFare, {
      tries: "local-first",
      run: (activities, call) => activities.charge({ ...call, description: "Fare", amount: fare }),
      resolved: () => undefined,
      settled: () => undefined,
    });

    const captured = await retriable(steps.capture, {
      tries: "local-first",
      run: (activities, call) => activities.captureTab(call),
      resolved: () => undefined,
      settled: (amount) => amount,
    });
    const settled = captured ?? (await release({ ...fare, minorUnits: 0 }));

    const settlement = { ...recorder.nextChange(steps.settle), settled };
    await retriable(steps.settle, {
      tries: "local-first",
      run: (activities) => activities.settleTrip(settlement),
      settled: () => undefined,
      status: "SETTLED",
    });
    state.settled = settled;

    if (state.record?.published) return settled;
    const ids = { tripId, riderId, vehicleId, tariffId: tariff.id };
    const completed = { ...ids, ...ended, tariff, unlockFee, settled };
    await saga.step(steps.publish, {
      ...publishTrip(completed, { calls, recorder }),
      delayedAfterMs: timings.broadcastDelayedAfterMs,
    });
    return settled;
  }
}

/** Answers the updates that wait, and returns the outcome of the trip or ends the workflow as Canceled. */
async function finish(result: SagaResult<Amount>, state: TripState): Promise<TripOutcome> {
  if (result.outcome === "compensated") {
    state.compensated = describeOutcome(result.cause, state);
    setTripAttribute("status", "CANCELLED");
  }
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  if (result.outcome === "completed") return { status: "SETTLED", settled: result.value };
  if (result.cause.kind === "cancelled" && result.cause.by === "temporal") {
    throw new CancelledFailure("the trip is compensated");
  }
  return describeOutcome(result.cause, state);
}

/** Describes why a trip was compensated. After a reset, the cause that the registry has is the first. */
function describeOutcome(cause: CompensationCause, { record }: TripState): CancelledTrip {
  if (record?.compensation !== undefined) return { status: "CANCELLED", ...record.compensation };
  return describeCompensation(cause);
}
