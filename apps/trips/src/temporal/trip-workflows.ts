import type {
  CancelArgument,
  CancelUpdateResult,
  CompletedDrive,
  EndArgument,
  ResolveArgument,
  RetryArgument,
  SagaProgress,
  StartUpdateResult,
  TripInput,
} from "@fanfare/trip-contract";

/**
 * The workflows of trips, as the API uses them. No method rejects: each outcome that a caller has to
 * expect, an unavailable Temporal included, is a `Reply`.
 */
export interface TripWorkflows {
  /**
   * Starts the trip's workflow, unless there is or was one, and waits in the same round trip until the
   * trip is ACTIVE or compensated. Equal calls start one workflow.
   */
  start(trip: TripInput, call: CallOptions): Promise<Reply<StartUpdateResult>>;
  /** Starts the trip's workflow, unless there is or was one, and does not wait for the trip. */
  ensureStarted(trip: TripInput, call: CallOptions): Promise<Reply<"started">>;
  /** Ends the drive and waits until the registry has its end and its fare. */
  end(tripId: string, argument: EndArgument, call: CallOptions): Promise<Reply<CompletedDrive>>;
  /** Cancels the trip and waits until it is compensated or parked. */
  cancel(
    tripId: string,
    argument: CancelArgument,
    call: CallOptions,
  ): Promise<Reply<CancelUpdateResult>>;
  /** Retries parked steps and returns their names. Calls with the same decision id retry once. */
  retry(
    tripId: string,
    argument: RetryArgument,
    call: DecisionOptions,
  ): Promise<Reply<readonly string[]>>;
  /**
   * Resolves parked steps, so that the saga continues without them, and returns their names. Calls with the
   * same decision id resolve once.
   */
  resolve(
    tripId: string,
    argument: ResolveArgument,
    call: DecisionOptions,
  ): Promise<Reply<readonly string[]>>;
  /** Returns the steps of the saga and the activities that are pending. */
  progress(tripId: string, call: CallOptions): Promise<Reply<WorkflowProgress>>;
}

/** How long a call of Temporal may take. */
export interface CallOptions {
  /** In milliseconds from now. */
  readonly timeoutMs: number;
  /** Aborts when the caller has left. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of a call that carries a decision of an operator. */
export interface DecisionOptions extends CallOptions {
  /** Identifies repeated calls: the id of the decision in the operator log. */
  readonly decisionId: string;
}

/**
 * The outcome of a call to a workflow.
 *
 * - answered: the workflow returned `outcome`.
 * - refused: the workflow rejected the call for good. Callers get the reason.
 * - not-ready: the workflow rejected the call, and may accept it soon.
 * - not-running: there is no workflow that can answer: it has closed, or was never started.
 * - timed-out: there was no answer in time. The call may still take effect.
 * - unavailable: Temporal cannot be reached or does not work.
 */
export type Reply<Outcome> =
  | { readonly kind: "answered"; readonly outcome: Outcome }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "not-ready"; readonly reason: string }
  | { readonly kind: "not-running" }
  | { readonly kind: "timed-out" }
  | { readonly kind: "unavailable"; readonly cause: unknown };

/** The steps of a workflow's saga, and its pending activities. */
export interface WorkflowProgress {
  readonly saga: SagaProgress;
  readonly pending: readonly PendingActivity[];
}

/** An activity that a workflow waits for. */
export interface PendingActivity {
  readonly activityId: string;
  /** The number of the current attempt, from 1. */
  readonly attempt: number;
  /** The error of the previous attempt; empty when there was none. */
  readonly lastError: string;
}
