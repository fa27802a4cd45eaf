import { runLocalFirst, type StepCall } from "@fanfare/saga";
import type { Amount, CompensationResult, CompletedDrive } from "@fanfare/trip-contract";
import { steps } from "@fanfare/trip-contract";
import type { BroadcastState } from "./activity-types.ts";
import type { TripCalls } from "./calls.ts";

/**
 * TripRegistry records one trip: each change has the next version, so that late copies change nothing. What
 * an update leads to, the end of the drive and the compensation, is an ordinary activity: on record with Temporal
 * before the registry says so.
 */
export interface TripRegistry {
  accept(): StepCall<void>;
  /** activate answers when the drive began, as the registry has it. */
  activate(startedAt: string): Promise<string>;
  complete(endedAt: string): Promise<CompletedDrive>;
  settle(settled: Amount): StepCall<void>;
  compensate(reason: string): Promise<void>;
  cancel(compensated: CompensationResult): Promise<void>;
  park(parkedStep: string, reason: string): Promise<void>;
  resume(): Promise<void>;
  delay(delayedStep: string): Promise<void>;
  broadcast(broadcast: BroadcastState): StepCall<void>;
}

/** createTripRegistry makes the registry of a trip whose next version is the one after `version`. */
export function createTripRegistry(tripId: string, calls: TripCalls, version = 0): TripRegistry {
  let last = version;
  const change = (step: string) => ({ step, tripId, version: ++last });
  /** A record beside the steps may be made more than once: its version tells one from the next. */
  const record = (name: string) => change(`${name}-${last + 1}`);

  return {
    accept() {
      const call = change(steps.acceptTrip);
      return calls.before(call.step, (to) => to.acceptTrip(call));
    },
    async activate(startedAt) {
      const call = { ...change(steps.drive), startedAt };
      const recorded = await runLocalFirst(calls.before(call.step, (to) => to.activateTrip(call)));
      return recorded?.startedAt ?? startedAt;
    },
    complete: (endedAt) => {
      const call = { ...change(steps.completeDrive), endedAt };
      return calls.endless(call.step).completeDrive(call);
    },
    settle(settled) {
      const call = { ...change(steps.settle), settled };
      return calls.after(call.step, (to) => to.settleTrip(call));
    },
    cancel: ({ reason, refusal }) =>
      calls.compensate(steps.acceptTrip).cancelTripRecord({
        ...change(steps.acceptTrip),
        reason,
        ...(refusal === undefined ? {} : { refusal }),
      }),
    compensate: (reason) => {
      const call = record("compensate");
      return calls.endless(call.step).compensateTrip({ ...call, reason });
    },
    park: (parkedStep, reason) => {
      const call = record("park");
      return calls.endless(call.step).parkTrip({ ...call, parkedStep, reason });
    },
    resume: () => {
      const call = record("resume");
      return calls.endless(call.step).resumeTrip(call);
    },
    delay: (delayedStep) => {
      const call = record("delay");
      return calls.endless(call.step).recordDelay({ ...call, delayedStep });
    },
    broadcast: (broadcast) => {
      const call = record("broadcast");
      return calls.after(call.step, (to) => to.recordBroadcast({ ...call, broadcast }));
    },
  };
}
