import type { RecoveryInput } from "@fanfare/trip-contract";
import { ActivityFailure, CancellationScope } from "@temporalio/workflow";
import { clearRecords } from "./continue-after-reset.ts";
import { type ReadTripRecordDeps, readTripRecord } from "./read-trip-record.ts";
import { setTripAttribute } from "./set-trip-attribute.ts";
import type { TripRecorder } from "./trip-recorder.ts";

/** Dependencies of `planRecovery`. */
export interface PlanRecoveryDeps extends ReadTripRecordDeps {
  readonly recorder: TripRecorder;
}

/** How the trip of a previous workflow is finished. */
export type RecoveryPlan =
  /** Every step before the pivot is compensated, whether it happened or not. */
  | { readonly kind: "compensate"; readonly reason: string }
  /** The trip continues from its drive, by what the registry has: the car may still be moving. */
  | { readonly kind: "resume" };

/**
 * Lets the registry decide how a trip is finished. Either it records COMPENSATING and refuses the activation from then
 * on, or the drive has begun and it refuses the compensation. Late calls of the previous workflow cannot change
 * that. Reads what the registry has then: the reason of an earlier compensation is kept, and what operators
 * have resolved is not called again. A cancellation does not interrupt that.
 */
export async function planRecovery(
  { reason }: RecoveryInput,
  deps: PlanRecoveryDeps,
): Promise<RecoveryPlan> {
  const { state, recorder } = deps;
  state.recovering = true;
  try {
    await CancellationScope.nonCancellable(() =>
      recorder.recordCompensatingUnlessDriving({ reason }),
    );
    setTripAttribute("status", "COMPENSATING");
    const { compensation } = await readTripRecord(deps);
    return { kind: "compensate", reason: compensation?.reason ?? reason };
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    // The drive may have begun after the previous workflow was gone, by a call that was on its way.
    const record = await readTripRecord(deps);
    if (record.startedAt === undefined) throw error;
    state.activating = true;
    state.startedAt = record.startedAt;
    await CancellationScope.nonCancellable(() => clearRecords(record, recorder));
    return { kind: "resume" };
  } finally {
    delete state.recovering;
  }
}
