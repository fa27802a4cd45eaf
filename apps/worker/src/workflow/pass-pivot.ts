import { runLocalFirst, type Saga } from "@fanfare/saga";
import type { Tariff } from "@fanfare/trip-contract";
import { condition } from "@temporalio/workflow";
import type { GraceDecision } from "../trip-activities.ts";
import { cancelSaga } from "./cancel-saga.ts";
import { type TripCalls, withoutEnd } from "./trip-calls.ts";
import type { TripRecorder } from "./trip-recorder.ts";
import { isDriveOver, type TripState } from "./trip-state.ts";

/** Dependencies of `passPivot`. */
export interface PassPivotDeps {
  readonly saga: Saga;
  readonly calls: TripCalls;
  readonly recorder: TripRecorder;
  readonly state: TripState;
  readonly tariff: Tariff;
}

/** The least time between two calls of `endGrace`, in milliseconds. */
const minPauseMs = 100;

/**
 * Waits until the cancellation grace is over or the end of the drive was requested, and passes the pivot. The
 * registry decides by its own clock whether the grace is over, and records it: it refuses each cancellation
 * that follows. One that it recorded before compensates the trip, however late this workflow calls.
 */
export async function passPivot(deps: PassPivotDeps, beganAt: number): Promise<void> {
  const { saga, state, tariff } = deps;
  let askAt = beganAt + tariff.graceMs;
  while (!isDriveOver(state)) {
    const leftMs = askAt - Date.now();
    if (leftMs > 0) await condition(() => isDriveOver(state), leftMs);
    if (isDriveOver(state)) break;
    const decision = await endGrace(deps);
    if (decision.kind === "cancelled") cancelSaga(saga, decision.reason);
    if (decision.kind === "over") break;
    askAt = Date.now() + Math.max(minPauseMs, decision.remainingMs);
  }
  const { compensation } = state.record ?? {};
  if (compensation !== undefined) cancelSaga(saga, compensation.reason);
  saga.pivot();
}

async function endGrace({ calls, recorder }: PassPivotDeps): Promise<GraceDecision> {
  const change = recorder.nextRecord("end-grace");
  const how = { tries: "local-first", retry: withoutEnd } as const;
  return await runLocalFirst(
    calls.create(change.step, how, (activities) => activities.endGrace(change)),
  );
}
