import type { BroadcastState } from "./activity-types.ts";
import type { TripCalls } from "./calls.ts";
import type { Amount, EndOutcome, Undone } from "./contract.ts";
import { steps } from "./steps.ts";

/** TripLedger records one trip: each change has the next version, so that late copies change nothing. */
export interface TripLedger {
  takeUp(): Promise<void>;
  activate(startedAt: string): Promise<void>;
  complete(endedAt: string): Promise<EndOutcome>;
  settle(settled: Amount): Promise<void>;
  compensate(reason: string): Promise<void>;
  cancel(undone: Undone): Promise<void>;
  park(parkedStep: string, reason: string): Promise<void>;
  resume(): Promise<void>;
  delay(delayedStep: string): Promise<void>;
  broadcast(broadcast: BroadcastState): Promise<void>;
}

/** createTripLedger makes the ledger of a trip whose next version is the one after `version`. */
export function createTripLedger(tripId: string, calls: TripCalls, version = 0): TripLedger {
  let last = version;
  const change = (step: string) => ({ step, tripId, version: ++last });
  /** A record beside the steps may be made more than once: its version tells one from the next. */
  const record = (name: string) => change(`${name}-${last + 1}`);

  return {
    takeUp: () => calls.before(steps.takeUp).takeUpTrip(change(steps.takeUp)),
    activate: (startedAt) =>
      calls.before(steps.drive).activateTrip({ ...change(steps.drive), startedAt }),
    complete: (endedAt) =>
      calls.after(steps.completeDrive).completeDrive({ ...change(steps.completeDrive), endedAt }),
    settle: (settled) => calls.after(steps.settle).settleTrip({ ...change(steps.settle), settled }),
    cancel: ({ reason, refusal }) =>
      calls.undo(steps.takeUp).cancelTripRecord({
        ...change(steps.takeUp),
        reason,
        ...(refusal === undefined ? {} : { refusal }),
      }),
    compensate: (reason) => {
      const call = record("compensate");
      return calls.after(call.step).compensateTrip({ ...call, reason });
    },
    park: (parkedStep, reason) => {
      const call = record("park");
      return calls.after(call.step).parkTrip({ ...call, parkedStep, reason });
    },
    resume: () => {
      const call = record("resume");
      return calls.after(call.step).resumeTrip(call);
    },
    delay: (delayedStep) => {
      const call = record("delay");
      return calls.after(call.step).recordDelay({ ...call, delayedStep });
    },
    broadcast: (broadcast) => {
      const call = record("broadcast");
      return calls.after(call.step).recordBroadcast({ ...call, broadcast });
    },
  };
}
