import type { RecoveryInput } from "@fanfare/trip-contract";
import { ActivityFailure, CancellationScope } from "@temporalio/workflow";
import { type ReadTripRecordDeps, readTripRecord } from "./read-trip-record.ts";
import { setTripAttribute } from "./set-trip-attribute.ts";
import type { TripRecorder } from "./trip-recorder.ts";
import type { Drive } from "./trip-state.ts";

/** Dependencies of `planRecovery`. */
export interface PlanRecoveryDeps extends ReadTripRecordDeps {
  readonly recorder: TripRecorder;
}

/** How the trip of a previous workflow is finished. */
export type RecoveryPlan =
  /** Every step before the pivot is compensated, whether it happened or not. */
  | { readonly kind: "compensate"; readonly reason: string }
  /** The trip goes on after its drive. The registry knows the end, and replaces that of `drive`. */
  | { readonly kind: "settle"; readonly drive: Drive };

/**
 * Asks the registry how a trip is finished. Either it records COMPENSATING and refuses the end of the
 * drive from then on, or the drive has ended or its end was requested, and it refuses the compensation.
 * Late calls of the previous workflow cannot change that. Reads what the registry has then: the reason of an
 * earlier compensation is kept, and what operators have resolved is not called again. A cancellation does not
 * interrupt that.
 */
export async function planRecovery(
  { reason }: RecoveryInput,
  deps: PlanRecoveryDeps,
): Promise<RecoveryPlan> {
  const { state, recorder } = deps;
  state.recovering = true;
  try {
    await CancellationScope.nonCancellable(() =>
      recorder.recordCompensatingUnlessEnded({ reason }),
    );
    setTripAttribute("status", "COMPENSATING");
    const { compensation } = await readTripRecord(deps);
    return { kind: "compensate", reason: compensation?.reason ?? reason };
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    // The drive may have begun after the previous workflow was gone, by a call that was on its way.
    const { startedAt } = await readTripRecord(deps);
    if (startedAt === undefined) throw error;
    state.activating = true;
    state.startedAt = startedAt;
    await CancellationScope.nonCancellable(() => clearRecords(recorder));
    return { kind: "settle", drive: { startedAt, endedAt: startedAt } };
  } finally {
    delete state.recovering;
  }
}

/** Clears the parked and delayed steps of the previous workflow. */
async function clearRecords(recorder: TripRecorder): Promise<void> {
  await recorder.recordResumed();
  await recorder.recordDelay("");
}
