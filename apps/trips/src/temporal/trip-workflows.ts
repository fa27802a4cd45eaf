import type {
  CancelArgument,
  CancelUpdateResult,
  CompletedDrive,
  ResolveArgument,
  RetryArgument,
  SagaProgress,
  StartUpdateResult,
  TripInput,
} from "@fanfare/trip-contract";

/**
 * TripWorkflows is what the edge asks of the trips' workflows. What can be expected to happen is
 * answered, never thrown.
 */
export interface TripWorkflows {
  /**
   * start starts the trip's workflow unless it runs or ever ran, and waits in the same round trip
   * until the trip is ACTIVE or compensated. However often it is called, one workflow starts.
   */
  start(trip: TripInput, call: Call): Promise<Reply<StartUpdateResult>>;
  /** launch starts the trip's workflow as `start` does, and waits for nothing more. */
  launch(trip: TripInput, call: Call): Promise<Reply<"launched">>;
  end(tripId: string, call: Call): Promise<Reply<CompletedDrive>>;
  cancel(tripId: string, argument: CancelArgument, call: Call): Promise<Reply<CancelUpdateResult>>;
  /** retry takes up again what is parked, and answers which steps that were. */
  retry(tripId: string, argument: RetryArgument, call: Call): Promise<Reply<readonly string[]>>;
  /** resolve goes on without what is parked, and answers which steps that were. */
  resolve(tripId: string, argument: ResolveArgument, call: Call): Promise<Reply<readonly string[]>>;
  progress(tripId: string, call: Call): Promise<Reply<WorkflowProgress>>;
}

/** Call bounds how long an answer is waited for. */
export interface Call {
  /** In milliseconds from now. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reply is how a workflow was asked.
 *
 * - answered: with its outcome.
 * - refused: it will not, for a reason that the caller is to read.
 * - early: it will not yet, and may in a moment.
 * - gone: there is none that could answer: it is over, or never was.
 * - late: no answer within the time of the call; what was asked may happen yet.
 * - away: Temporal cannot be reached, or cannot do its work.
 */
export type Reply<Outcome> =
  | { readonly kind: "answered"; readonly outcome: Outcome }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "early"; readonly reason: string }
  | { readonly kind: "gone" }
  | { readonly kind: "late" }
  | { readonly kind: "away"; readonly cause: unknown };

/** WorkflowProgress is a workflow's own account and the activities it waits for. */
export interface WorkflowProgress {
  readonly saga: SagaProgress;
  readonly pending: readonly PendingActivity[];
}

export interface PendingActivity {
  readonly activityId: string;
  /** 1 while it is tried for the first time. */
  readonly attempt: number;
  /** What the attempt before failed with; empty when there was none. */
  readonly lastError: string;
}
