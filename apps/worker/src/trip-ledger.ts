import { type Tries, tryFirst } from "@fanfare/saga";
import type { Amount, EndOutcome, Undone } from "@fanfare/trip-contract";
import { steps } from "@fanfare/trip-contract";
import type { BroadcastState } from "./activity-types.ts";
import type { TripCalls } from "./calls.ts";

/**
 * TripLedger records one trip: each change has the next version, so that late copies change nothing. What
 * an update leads to, the end of the drive and the undo, is an ordinary activity: on record with Temporal
 * before the ledger says so.
 */
export interface TripLedger {
  takeUp(): Tries<void>;
  /** activate answers when the drive began, as the ledger has it. */
  activate(startedAt: string): Promise<string>;
  complete(endedAt: string): Promise<EndOutcome>;
  settle(settled: Amount): Tries<void>;
  compensate(reason: string): Promise<void>;
  cancel(undone: Undone): Promise<void>;
  park(parkedStep: string, reason: string): Promise<void>;
  resume(): Promise<void>;
  delay(delayedStep: string): Promise<void>;
  broadcast(broadcast: BroadcastState): Tries<void>;
}

/** createTripLedger makes the ledger of a trip whose next version is the one after `version`. */
export function createTripLedger(tripId: string, calls: TripCalls, version = 0): TripLedger {
  let last = version;
  const change = (step: string) => ({ step, tripId, version: ++last });
  /** A record beside the steps may be made more than once: its version tells one from the next. */
  const record = (name: string) => change(`${name}-${last + 1}`);

  return {
    takeUp() {
      const call = change(steps.takeUp);
      return calls.before(call.step, (to) => to.takeUpTrip(call));
    },
    async activate(startedAt) {
      const call = { ...change(steps.drive), startedAt };
      const recorded = await tryFirst(calls.before(call.step, (to) => to.activateTrip(call)));
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
      calls.undo(steps.takeUp).cancelTripRecord({
        ...change(steps.takeUp),
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
