import type { RefusalPredicate } from "./failure.ts";
import type { CompensationCause, SagaProgress } from "./progress.ts";
import type { StepCall } from "./run-local-first.ts";
import type { ParkedStep } from "./waiting-room.ts";

/**
 * Saga is a list of steps that either all happen or are all compensated.
 *
 * - A compensation is registered before its step is called, so a step whose reply was lost is compensated. It has
 *   to be harmless where the step never happened.
 * - A step that fails, and a cancellation, compensate what was begun, last first, out of reach of further
 *   cancellations. A compensation that fails is parked until an operator decides.
 * - From the pivot on there is no way back: a cancellation changes nothing, a step that fails is parked.
 * - An error that is not a TemporalFailure is a bug in the workflow: it is rethrown untouched, which
 *   fails the workflow task and leaves the saga where it is, until the code is mended.
 */
export interface Saga {
  /** run takes the body to its end, or back to its beginning. Once for a saga. */
  run<T>(body: () => Promise<T>): Promise<SagaResult<T>>;
  /**
   * step runs one step and yields what it yields. Names are unique within a saga. Steps may run beside
   * each other (`Promise.all`); they are compensated in reverse of the order in which they began.
   */
  step<T>(name: string, step: Step<T>): Promise<T>;
  /** pivot ends the way back. Call it before the step that cannot be compensated. */
  pivot(): void;
  /** cancel compensates the saga and says whether it will; false from the pivot on and once it is over. */
  cancel(message: string): boolean;
  /** retry takes up what is parked again, and answers which steps that were. */
  retry(step?: string): readonly string[];
  /** resolve goes on without what is parked and can be done by hand, and answers which steps that were. */
  resolve(note: string, step?: string): readonly string[];
  parked(): readonly ParkedStep[];
  /** progress is what a query should answer. */
  progress(): SagaProgress;
}

/**
 * Step is what to do and how to take it back. Its `first` try is left out once another step's has failed, so
 * that trouble holds up the workflow task once, and once something was parked, as it may be what an
 * operator's decision has led to.
 */
export interface Step<T> extends StepCall<T> {
  /** Compensates the step. Receives the cause. */
  readonly compensate?: (cause: CompensationCause) => Promise<unknown>;
  /** resolved yields the value of a step that an operator dealt with by hand. Without it: retry only. */
  readonly resolved?: (note: string) => T;
  /** After how many milliseconds of `run` the step is called delayed. Default: never. */
  readonly delayedAfterMs?: number;
}

/** SagaResult is how a saga ended: completed with the value of its body, or compensated for a cause. */
export type SagaResult<T> =
  | { readonly outcome: "completed"; readonly value: T }
  | { readonly outcome: "compensated"; readonly cause: CompensationCause };

/**
 * SagaOptions: the hooks run beside the saga, never hold it up and cannot fail it (a failure is
 * logged). Each is told what holds now, and cancelled when that no longer holds.
 */
export interface SagaOptions {
  /** Which failures are business refusals. Default: the non-retryable ApplicationFailures. */
  readonly isRefusal?: RefusalPredicate;
  /** Told when the compensation begins, cancelled when it is over. */
  readonly onCompensating?: (cause: CompensationCause) => Promise<void>;
  /** Told whenever something is parked or taken up again, with what is parked then. */
  readonly onParked?: (parked: readonly ParkedStep[]) => Promise<void>;
  /** Told whenever a step becomes delayed or no longer is, with the steps that are delayed then. */
  readonly onDelayed?: (steps: readonly string[]) => Promise<void>;
}
