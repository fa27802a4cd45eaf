/** SagaState: `parked` waits for an operator; `done` is over, compensated when the progress has a cause. */
export type SagaState = "forward" | "compensating" | "parked" | "done";

export type StepState = "running" | "done" | "failed" | "compensating" | "compensated" | "parked";

/** StepProgress is one step and its compensation. Times are ISO 8601 strings of the workflow's clock. */
export interface StepProgress {
  readonly name: string;
  readonly state: StepState;
  readonly startedAt: string;
  /** When the step was done or had failed. */
  readonly finishedAt?: string;
  readonly compensationStartedAt?: string;
  readonly compensatedAt?: string;
  /** True while the step takes longer than its `delayedAfterMs`. */
  readonly delayed?: boolean;
  /** What the step failed with, or what it or its compensation is parked with. */
  readonly error?: string;
  /** What an operator said when resolving it by hand. */
  readonly note?: string;
}

/** SagaProgress is what the query of a saga answers: plain JSON. */
export interface SagaProgress {
  readonly state: SagaState;
  /** True from the pivot on: only forward. */
  readonly pivoted: boolean;
  /** In the order in which they began. */
  readonly steps: readonly StepProgress[];
  /** Why the saga is being or was compensated. */
  readonly cause?: CompensationCause;
}

/**
 * CompensationCause is why a saga is compensated.
 *
 * - refused: a step answered no, for good; `code` is the type of its ApplicationFailure.
 * - failed: a step did not succeed by its deadline.
 * - cancelled: asked by the workflow itself (`request`) or of Temporal (`temporal`).
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
