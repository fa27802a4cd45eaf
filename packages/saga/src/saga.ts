import type { RefusalPredicate } from "./find-refusal.ts";
import type { ParkedStep } from "./parked-steps.ts";
import type { CompensationCause, SagaProgress } from "./progress.ts";
import type { StepCall } from "./run-local-first.ts";

/**
 * A saga: steps that either all happen or are all compensated.
 *
 * - A compensation is registered before its step is called, so a step whose reply was lost is compensated.
 *   It has to be harmless where the step never happened.
 * - A failed step and a cancellation compensate all steps that began, last first. Further cancellations do not
 *   interrupt the compensation. A compensation that fails is parked until an operator decides.
 * - From the pivot on nothing is compensated: a cancellation changes nothing, and a failed step is parked,
 *   also one that began before the pivot.
 * - The saga decides its outcome once its body and every step that began have ended. From then on no
 *   cancellation changes it.
 * - An error that neither is nor wraps a TemporalFailure is a bug in the workflow. It is rethrown and fails the
 *   workflow task; the saga continues from the same place when the code is fixed.
 */
export interface Saga {
  /** Runs the body. Resolves when the saga is completed or compensated. Throws when called twice. */
  run<T>(body: () => Promise<T>): Promise<SagaResult<T>>;
  /**
   * Runs a step and resolves with its result. Names are unique within a saga. Steps may run beside each
   * other (`Promise.all`), or in the background; they are compensated in reverse of the order in which they
   * began. A step that fails before the pivot compensates the saga, also when the body catches the failure:
   * tolerate a failure within `run`.
   */
  step<T>(name: string, step: Step<T>): Promise<T>;
  /**
   * Marks the pivot. Call it before the step that cannot be compensated. Throws when the saga is cancelled,
   * and the failure of a step that has failed.
   */
  pivot(): void;
  /**
   * Compensates the saga, and returns whether it is compensated. Returns false, and does nothing, from the
   * pivot on and once the saga has decided that it completes, also while its hooks still run.
   */
  cancel(message: string): boolean;
  /** Retries the parked steps, or the named one. Returns the names of the retried steps. */
  retry(step?: string): readonly string[];
  /**
   * Continues without the parked steps, or the named one, because an operator dealt with them. Returns the
   * names of the resolved steps: every compensation, and the steps that have `resolved`.
   */
  resolve(note: string, step?: string): readonly string[];
  /** Returns the parked steps. */
  parked(): readonly ParkedStep[];
  /** Returns the progress as plain JSON, for a query. */
  progress(): SagaProgress;
}

/**
 * A step of a saga. Its `local` call is skipped while that of another step runs, because a replay does not keep
 * the order of two, and after the `local` call of another step has failed or a step was parked: an outage delays
 * the workflow task once, and an operator's update is stored before its effects.
 */
export interface Step<T> extends StepCall<T> {
  /** Compensates the step. */
  readonly compensate?: (cause: CompensationCause) => Promise<unknown>;
  /** Returns the result of a step that an operator resolved. Absent: the step can only be retried. */
  readonly resolved?: (note: string) => T;
  /** After how many milliseconds of `run` the step counts as delayed. Default: never. */
  readonly delayedAfterMs?: number;
}

/** The result of a saga: completed with the result of its body, or compensated for a cause. */
export type SagaResult<T> =
  | { readonly outcome: "completed"; readonly value: T }
  | { readonly outcome: "compensated"; readonly cause: CompensationCause };

/**
 * Options of a saga. Its hooks report what happens, for example to a database. They run in the background:
 * the steps do not wait for them, and their failures are logged. A hook receives the current state, and is
 * cancelled when the state changes.
 */
export interface SagaOptions {
  /** Decides which failures are business refusals. Default: the rules of `findRefusal`. */
  readonly isRefusal?: RefusalPredicate;
  /**
   * Called in a run that a reset of the workflow has created, once the history that the reset kept is
   * replayed. Read there what has happened since, and let the steps go by it. No call of a step or a
   * compensation begins before the hook has ended; then the parked steps are retried. It may run more than
   * once. Give its activities no limit of retries: the saga continues after a failure, too.
   */
  readonly onReset?: () => Promise<void>;
  /**
   * Decides what a cancellation of the workflow does, where the pivot depends on more than the workflow has.
   * Called once, also after the pivot and during the compensation, in a scope that is not cancelled. Resolve
   * with true to compensate the saga, as `cancel` does; false ignores the cancellation. Give its activities no
   * limit of retries: a failure counts as true. Default: the saga is compensated at once.
   */
  readonly onCancelRequested?: () => Promise<boolean>;
  /** Called when the compensation begins. Cancelled when it has ended. */
  readonly onCompensating?: (cause: CompensationCause) => Promise<void>;
  /** Called when a step is parked and when a parked step is decided, with the steps parked now. */
  readonly onParked?: (parked: readonly ParkedStep[]) => Promise<void>;
  /** Called when a step becomes delayed and when it no longer is, with the steps delayed now. */
  readonly onDelayed?: (steps: readonly string[]) => Promise<void>;
}
