import { Code, ConnectError } from "@connectrpc/connect";
import type { ResolveTripRequest, RetryTripRequest, Trip } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import { recordDecision } from "../registry/transitions.ts";
import { toTrip } from "../registry/trip-message.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { CallOptions, Reply, TripWorkflows } from "../temporal/trip-workflows.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { createUnansweredError } from "./unanswered-error.ts";

/** The dependencies of `retryTrip` and `resolveTrip`. */
export interface OperatorDecisionDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
}

/** The trip with the recorded decision, and the steps that the decision applied to. */
export interface OperatorDecision {
  readonly trip: Trip;
  readonly steps: string[];
}

type OperatorCall = CallOptions & { readonly caller: Caller };

/** Retries parked steps. Throws failed_precondition when none is parked. */
export async function retryTrip(
  { tripId, step }: RetryTripRequest,
  call: OperatorCall,
  { registry, workflows }: OperatorDecisionDeps,
): Promise<OperatorDecision> {
  const { trip_id } = await getVisibleTrip(registry, call.caller, tripId);
  const reply = await workflows.retry(trip_id, selectStep(step), call);
  const steps = requireSteps(trip_id, reply);
  return await record(registry, trip_id, {
    steps,
    decision: `${call.caller.subject} retried ${steps.join(", ")}`,
  });
}

/**
 * Resolves parked steps, with which the operator dealt by hand, so that the saga continues without them.
 * Throws failed_precondition when no parked step can be resolved.
 */
export async function resolveTrip(
  { tripId, note, step }: ResolveTripRequest,
  call: OperatorCall,
  { registry, workflows }: OperatorDecisionDeps,
): Promise<OperatorDecision> {
  const { trip_id } = await getVisibleTrip(registry, call.caller, tripId);
  const reply = await workflows.resolve(trip_id, { note, ...selectStep(step) }, call);
  const steps = requireSteps(trip_id, reply);
  return await record(registry, trip_id, {
    steps,
    decision: `${call.caller.subject} resolved ${steps.join(", ")}: ${note}`,
  });
}

function selectStep(step: string): { readonly step?: string } {
  return step === "" ? {} : { step };
}

async function record(
  registry: TripRegistry,
  tripId: string,
  { steps, decision }: { steps: string[]; decision: string },
): Promise<OperatorDecision> {
  return { trip: toTrip(await registry.record(tripId, recordDecision(decision))), steps };
}

function requireSteps(tripId: string, reply: Reply<readonly string[]>): string[] {
  if (reply.kind === "answered") return [...reply.outcome];
  if (reply.kind !== "not-running")
    throw createUnansweredError(reply, `decision on trip ${tripId}`);
  throw new ConnectError(
    `trip ${tripId} has no workflow that waits for a decision: it has closed, or has not begun`,
    Code.FailedPrecondition,
  );
}
