import type { CompensationResult } from "./outcomes.ts";

/** The updates of the API. Callers send each with its name as the update id, so equal calls join. */
export const updates = { start: "start", end: "end", cancel: "cancel" } as const;

/** The updates of operators, for a parked trip. The update id is the id of the decision in the operator log. */
export const operatorUpdates = { retry: "retry", resolve: "resolve" } as const;

/** The query that returns the progress of the saga: `SagaProgress` of @fanfare/saga. */
export const progressQuery = "progress";

/** The result of the update `start`: the trip is ACTIVE, or it was compensated. */
export type StartUpdateResult =
  | { readonly status: "ACTIVE"; readonly startedAt: string }
  | CompensationResult;

/** The result of the update `cancel`, which returns once the trip is compensated or parked. */
export type CancelUpdateResult = CompensationResult;

/** The author of a decision. It stays in the workflow's history. */
interface OperatorArgument {
  /** The subject of the operator's token. Absent when the rider calls. */
  readonly operator?: string;
}

/** The argument of the update `end`. */
export interface EndArgument extends OperatorArgument {
  /** When the registry recorded the request: the end of the drive. */
  readonly requestedAt: string;
  /** Why an operator ends the drive. */
  readonly reason?: string;
}

/** The argument of the update `cancel`. */
export interface CancelArgument extends OperatorArgument {
  readonly reason: string;
}

/** The argument of the update `retry`. */
export interface RetryArgument extends OperatorArgument {
  /** Why. */
  readonly note?: string;
  /** The parked step to retry. Default: all of them. */
  readonly step?: string;
}

/** The argument of the update `resolve`. */
export interface ResolveArgument extends OperatorArgument {
  /** What the operator did in place of the step. */
  readonly note: string;
  /** The parked step that is resolved. Default: all that can be. */
  readonly step?: string;
}

/**
 * The type of the ApplicationFailure with which a validator rejects an update for good, such as a
 * cancellation after the drive.
 */
export const refusedUpdateType = "RefusedUpdate";

/** The type of the ApplicationFailure with which a validator rejects an update that may be sent again soon. */
export const earlyUpdateType = "EarlyUpdate";
