import { describeFailure } from "./describe-failure.ts";
import type { RefusalPredicate } from "./find-refusal.ts";
import type { HookRunner } from "./hook-runner.ts";
import type { ParkedStep, ParkedSteps } from "./parked-steps.ts";
import type { StepEntry } from "./step-log.ts";

/** What is parked when it fails: a step after the pivot, or a compensation. */
export interface Parkable<T> {
  readonly entry: StepEntry;
  readonly compensation: boolean;
  readonly run: () => Promise<T>;
  readonly resolved: ((note: string) => T) | undefined;
  /** Decides when it fails whether it is parked. Otherwise the failure is thrown. */
  readonly isParked: (error: unknown) => boolean;
}

/** Dependencies of `runOrPark`. */
export interface RunOrParkDeps {
  readonly parked: ParkedSteps;
  readonly onParked: HookRunner<readonly ParkedStep[]>;
  readonly isRefusal: RefusalPredicate | undefined;
}

/** Runs until it succeeds or an operator resolves it. */
export async function runOrPark<T>(
  { entry, compensation, run, resolved, isParked }: Parkable<T>,
  { parked, onParked, isRefusal }: RunOrParkDeps,
): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!isParked(error)) throw error;
      const reason = describeFailure(error, isRefusal).message;
      const resolvable = resolved !== undefined;
      const decided = parked.park({ step: entry.name, compensation, reason, resolvable });
      entry.parked(reason);
      onParked.run(parked.list());
      const decision = await decided;
      entry.resumed(compensation);
      onParked.run(parked.list());
      if (decision.kind === "resolve" && resolved !== undefined) {
        entry.resolved(decision.note);
        return resolved(decision.note);
      }
    }
  }
}
