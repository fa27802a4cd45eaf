import { type CompensationCause, createSaga } from "@fanfare/saga";
import {
  type Amount,
  type CompletedDrive,
  calculateFare,
  defaultTimings,
  steps,
  type TripInput,
  type TripOutcome,
  unlockFee,
} from "@fanfare/trip-contract";
import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  patched,
} from "@temporalio/workflow";
import { broadcastTrip } from "./broadcast.ts";
import { createTripCalls } from "./calls.ts";
import { checkTripInput } from "./trip-input.ts";
import { markTrip } from "./trip-marks.ts";
import { createTripRecords } from "./trip-records.ts";
import { compensateAll, type Drive, recover } from "./trip-recovery.ts";
import { createTripRegistry } from "./trip-registry.ts";
import { describeCompensation, driveEnd, type TripState } from "./trip-state.ts";
import { answerTripUpdates } from "./trip-updates.ts";

/**
 * trip is the workflow of one trip, from its request to its settlement, or back to nothing. Workers
 * replay it from its history: a change of the order of its calls has to be patched.
 */
export async function trip(input: TripInput): Promise<TripOutcome> {
  checkTripInput(input);
  const { tripId, riderId, vehicleId, paymentMethod } = input;
  const timings = { ...defaultTimings, ...input.timings };
  const state: TripState = {};
  const locally = patched("first-tries") && input.recovery === undefined;
  const calls = createTripCalls(timings, { locally });
  const registry = createTripRegistry(tripId, calls, input.recovery?.versionFloor);
  const saga = createSaga(createTripRecords(registry, state));
  answerTripUpdates(saga, state);

  const about = <S extends string>(step: S) => ({ step, tripId });
  const { delayedAfterMs } = timings;

  const reserve = { ...about(steps.reserveVehicle), vehicleId };
  const tab = about(steps.openTab);
  const unlock = about(steps.chargeUnlockFee);
  const compensations = {
    [steps.acceptTrip]: (cause: CompensationCause) => registry.cancel(describeCompensation(cause)),
    [steps.reserveVehicle]: () => calls.compensate(steps.reserveVehicle).releaseVehicle(reserve),
    [steps.openTab]: () => calls.compensate(steps.openTab).voidTab(tab),
    [steps.chargeUnlockFee]: () => calls.compensate(steps.chargeUnlockFee).refund(unlock),
  };

  async function begin(): Promise<void> {
    await saga.step(steps.acceptTrip, {
      ...registry.accept(),
      compensate: compensations[steps.acceptTrip],
    });
    markTrip("status", "PENDING");

    await saga.step(steps.reserveVehicle, {
      ...calls.before(steps.reserveVehicle, (to) => to.reserveVehicle(reserve)),
      compensate: compensations[steps.reserveVehicle],
    });

    const limit = sum(unlockFee, calculateFare(timings.maximumDriveMs));
    const opening = { ...tab, riderId, paymentMethod, limit };
    await saga.step(steps.openTab, {
      ...calls.before(steps.openTab, (to) => to.openTab(opening)),
      compensate: compensations[steps.openTab],
    });

    const fee = { ...unlock, description: "Unlock fee", amount: unlockFee };
    await saga.step(steps.chargeUnlockFee, {
      ...calls.before(steps.chargeUnlockFee, (to) => to.charge(fee)),
      compensate: compensations[steps.chargeUnlockFee],
    });
  }

  /** drive lasts until the rider ends it, at the longest for the maximum drive. */
  async function drive(): Promise<Drive> {
    state.activating = true;
    const startedAt = await registry.activate(new Date().toISOString());
    state.startedAt = startedAt;
    markTrip("status", "ACTIVE");
    await condition(() => state.endRequestedAt !== undefined, timings.maximumDriveMs);
    return {
      startedAt,
      endedAt: driveEnd(startedAt, state.endRequestedAt, timings.maximumDriveMs),
    };
  }

  async function release(): Promise<void> {
    const call = { ...about(steps.releaseVehicle), vehicleId };
    await saga.step(steps.releaseVehicle, {
      delayedAfterMs,
      ...calls.after(steps.releaseVehicle, (to) => to.releaseVehicle(call)),
      resolved: () => undefined,
    });
  }

  async function settle(fare: Amount): Promise<Amount> {
    const charge = { ...about(steps.chargeFare), description: "Fare", amount: fare };
    await saga.step(steps.chargeFare, {
      delayedAfterMs,
      ...calls.after(steps.chargeFare, (to) => to.charge(charge)),
      resolved: () => undefined,
    });
    const settled = await saga.step(steps.capture, {
      delayedAfterMs,
      ...calls.after(steps.capture, (to) => to.captureTab(about(steps.capture))),
      // Dealt with by hand: nothing came from the payment method.
      resolved: () => ({ ...fare, minorUnits: 0 }),
    });
    await saga.step(steps.settle, { delayedAfterMs, ...registry.settle(settled) });
    state.settled = settled;
    markTrip("status", "SETTLED");
    return settled;
  }

  async function settleAndTell(startedAt: string, ended: CompletedDrive): Promise<Amount> {
    const settled = await settle(ended.fare);
    const completed = { tripId, riderId, vehicleId, startedAt, ...ended, unlockFee, settled };
    if (input.recovery?.published) return settled;
    await saga.step(steps.publish, {
      delayedAfterMs: timings.broadcastDelayedAfterMs,
      ...broadcastTrip(completed, { calls, registry }),
    });
    return settled;
  }

  async function beginAndDrive(): Promise<Drive> {
    await begin();
    return await saga.step(steps.drive, { run: drive });
  }

  const left = input.recovery && (await recover(input.recovery, { state, registry }));
  const ending = await saga.run(async () => {
    if (left?.kind === "compensate")
      return await compensateAll(saga, { compensations, reason: left.reason });
    const { startedAt, endedAt } = left?.drive ?? (await beginAndDrive());

    saga.pivot();
    const ended: CompletedDrive = await saga.step(steps.completeDrive, {
      delayedAfterMs,
      run: () => registry.complete(endedAt),
    });
    state.ended = ended;
    markTrip("status", "ENDED");

    const [settled] = await Promise.all([settleAndTell(startedAt, ended), release()]);
    return settled;
  });

  if (ending.outcome === "compensated") {
    state.compensated = describeCompensation(ending.cause);
    markTrip("status", "CANCELLED");
  }
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  if (ending.outcome === "completed") return { status: "SETTLED", settled: ending.value };
  if (ending.cause.kind === "cancelled" && ending.cause.by === "temporal") {
    throw new CancelledFailure("the trip is compensated");
  }
  return describeCompensation(ending.cause);
}

function sum(one: Amount, other: Amount): Amount {
  return { ...one, minorUnits: one.minorUnits + other.minorUnits };
}
