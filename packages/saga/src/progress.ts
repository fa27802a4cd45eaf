/**
 * The state of a saga. `parked` waits for an operator. `done` is completed, or compensated when the progress
 * has a cause.
 */
export type SagaState = "forward" | "compensating" | "parked" | "done";

/** The state of a step and its compensation. */
export type StepState = "running" | "done" | "failed" | "compensating" | "compensated" | "parked";

/** The progress of a step and its compensation. Times are ISO 8601 strings of the workflow's clock. */
export interface StepProgress {
  readonly name: string;
  readonly state: StepState;
  readonly startedAt: string;
  /** When the step was done or failed. */
  readonly finishedAt?: string;
  readonly compensationStartedAt?: string;
  readonly compensatedAt?: string;
  /** True while the step takes longer than its `delayedAfterMs`. */
  readonly delayed?: boolean;
  /** The message of the failure with which the step failed, or with which it or its compensation was parked. */
  readonly error?: string;
  /** The note of the operator who resolved the step. */
  readonly note?: string;
}

/** The progress of a saga, as plain JSON. */
export interface SagaProgress {
  readonly state: SagaState;
  /** True from the pivot on. */
  readonly pivoted: boolean;
  /** The steps, in the order in which they began. */
  readonly steps: readonly StepProgress[];
  /** Why the saga is being compensated, or was. */
  readonly cause?: CompensationCause;
}

/**
 * Why a saga is compensated.
 *
 * - `refused`: a step was refused. `code` is the type of its ApplicationFailure.
 * - `failed`: a step did not succeed within its timeout.
 * - `cancelled`: by `saga.cancel()` (`request`), or by a cancellation of the workflow (`temporal`).
 */
export type CompensationCause =
  | {
      readonly kind: "refused";
      readonly step: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: "failed"; readonly step: string; readonly message: string }
  | {
      readonly kind: "cancelled";
      readonly by: "request" | "temporal";
      readonly message: string;
    };
