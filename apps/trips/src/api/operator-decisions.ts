import { Code, ConnectError } from "@connectrpc/connect";
import type {
  ResolveTripRequest,
  RetryTripRequest,
} from "@fanfare/contracts/operators/v1/trip_operations";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import type { Caller } from "@fanfare/service";
import { deliverDecision, describeDecision } from "../operators/deliver-decision.ts";
import { createEntryIdTakenError, type NewLogEntry } from "../operators/operator-log.ts";
import { recordDecision } from "../registry/transitions.ts";
import { toOperatorTrip } from "../registry/trip-message.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type {
  CallOptions,
  DecisionOptions,
  Reply,
  TripWorkflows,
} from "../temporal/trip-workflows.ts";
import { progressTimeoutMs } from "./call-options.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { createUnansweredError } from "./unanswered-error.ts";

/** The dependencies of `retryTrip` and `resolveTrip`. */
export interface OperatorDecisionDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
}

/** The trip with the recorded decision, and the steps that the decision applied to. */
export interface OperatorDecision {
  readonly trip: OperatorTrip;
  readonly steps: string[];
}

/** A call of an operator. */
export type OperatorCall = DecisionOptions & { readonly caller: Caller };

/** Retries parked steps. Throws failed_precondition when none is parked. */
export async function retryTrip(
  { tripId, step, note }: RetryTripRequest,
  call: OperatorCall,
  deps: OperatorDecisionDeps,
): Promise<OperatorDecision> {
  return await decide({ tripId, step, note, action: "RETRY_TRIP" }, call, deps);
}

/**
 * Resolves parked steps, with which the operator dealt by hand, so that the saga continues without them.
 * Throws failed_precondition when no parked step can be resolved.
 */
export async function resolveTrip(
  { tripId, note, step }: ResolveTripRequest,
  call: OperatorCall,
  deps: OperatorDecisionDeps,
): Promise<OperatorDecision> {
  return await decide({ tripId, step, note, action: "RESOLVE_TRIP" }, call, deps);
}

interface Decision {
  readonly tripId: string;
  /** The parked step; empty for all. */
  readonly step: string;
  readonly note: string;
  readonly action: "RETRY_TRIP" | "RESOLVE_TRIP";
}

/**
 * Stores a decision in the operator log and in the trip, then sends it to the workflow. When the process dies
 * in between, or the workflow does not answer, the reconciler sends it. A repeated call with the same id
 * sends it again, and it takes effect once.
 */
async function decide(
  request: Decision,
  { caller, decisionId: entryId, ...call }: OperatorCall,
  { registry, workflows }: OperatorDecisionDeps,
): Promise<OperatorDecision> {
  const { trip_id: tripId } = await getVisibleTrip(registry, caller, request.tripId);
  const { step, action, note: reason } = request;
  const key = { entryId, operator: caller.subject, action, subject: tripId, reason };
  const known = await registry.findDecision(key);
  if (known !== undefined && step !== "" && step !== known.details) {
    throw createEntryIdTakenError(entryId);
  }
  const steps = known?.details ?? (await readParked(workflows, { tripId, step, call })).join(", ");
  const entry: NewLogEntry = { ...key, details: steps };
  await registry.decide(tripId, recordDecision(describeDecision(entry)), entry);

  const reply = await deliverDecision(entry, call, { registry, workflows });
  // The workflow of a decision that was sent before may have closed since.
  const isDone = reply.kind === "not-running" && known !== undefined;
  const decided = isDone ? steps.split(", ") : requireAnswer(tripId, reply);
  return {
    trip: toOperatorTrip(await getVisibleTrip(registry, caller, tripId)),
    steps: [...decided],
  };
}

/** Returns the parked steps that a decision applies to. Throws failed_precondition when there are none. */
async function readParked(
  workflows: Pick<TripWorkflows, "progress">,
  { tripId, step, call }: Pick<Decision, "tripId" | "step"> & { readonly call: CallOptions },
): Promise<string[]> {
  const timeoutMs = Math.min(call.timeoutMs, progressTimeoutMs);
  const reply = await workflows.progress(tripId, { ...call, timeoutMs });
  const { saga } = requireAnswer(tripId, reply);
  const parked = saga.steps.filter(({ name, state }) => {
    return state === "parked" && (step === "" || name === step);
  });
  if (parked.length > 0) return parked.map(({ name }) => name);
  throw new ConnectError(
    `trip ${tripId} has no parked step${step === "" ? "" : ` ${step}`}: call GetTripProgress for its steps`,
    Code.FailedPrecondition,
  );
}

function requireAnswer<Outcome>(tripId: string, reply: Reply<Outcome>): Outcome {
  if (reply.kind === "answered") return reply.outcome;
  if (reply.kind !== "not-running")
    throw createUnansweredError(reply, `decision on trip ${tripId}`);
  throw new ConnectError(
    `trip ${tripId} has no workflow that waits for a decision: it has closed, or has not begun`,
    Code.FailedPrecondition,
  );
}
