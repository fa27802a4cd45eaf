import { Code, ConnectError } from "@connectrpc/connect";
import type { ResolveTripRequest, RetryTripRequest, Trip } from "@fanfare/contracts/trips/v1/trips";
import type { Caller } from "@fanfare/service";
import type { Registry } from "../registry/store.ts";
import { decide } from "../registry/transitions.ts";
import { tripOf } from "../registry/trip-message.ts";
import type { Call, Reply, TripWorkflows } from "../temporal/trip-workflows.ts";
import { visibleTrip } from "./get-visible-trip.ts";
import { noAnswer } from "./unanswered-error.ts";

/** DecideTripDeps are what deciding on a trip that waits for an operator needs. */
export interface DecideTripDeps {
  readonly registry: Registry;
  readonly workflows: TripWorkflows;
}

/** DecidedTrip is the trip with the decision on record, and which steps it reached. */
export interface DecidedTrip {
  readonly trip: Trip;
  readonly steps: string[];
}

type OperatorCall = Call & { readonly caller: Caller };

/** retryTrip takes up what is parked again. It throws failed_precondition when nothing is. */
export async function retryTrip(
  { tripId, step }: RetryTripRequest,
  call: OperatorCall,
  deps: DecideTripDeps,
): Promise<DecidedTrip> {
  const { trip_id } = await visibleTrip(deps.registry, call.caller, tripId);
  const reply = await deps.workflows.retry(trip_id, chosen(step), call);
  const steps = stepsReached(trip_id, reply);
  return await recorded(deps.registry, trip_id, {
    steps,
    decision: `${call.caller.subject} retried ${steps.join(", ")}`,
  });
}

/**
 * resolveTrip goes on without what is parked, as it was dealt with by hand. It throws
 * failed_precondition when nothing is parked, or can only be retried.
 */
export async function resolveTrip(
  { tripId, note, step }: ResolveTripRequest,
  call: OperatorCall,
  deps: DecideTripDeps,
): Promise<DecidedTrip> {
  const { trip_id } = await visibleTrip(deps.registry, call.caller, tripId);
  const reply = await deps.workflows.resolve(trip_id, { note, ...chosen(step) }, call);
  const steps = stepsReached(trip_id, reply);
  return await recorded(deps.registry, trip_id, {
    steps,
    decision: `${call.caller.subject} resolved ${steps.join(", ")}: ${note}`,
  });
}

function chosen(step: string): { readonly step?: string } {
  return step === "" ? {} : { step };
}

async function recorded(
  registry: Registry,
  tripId: string,
  { steps, decision }: { steps: string[]; decision: string },
): Promise<DecidedTrip> {
  return { trip: tripOf(await registry.record(tripId, decide(decision))), steps };
}

function stepsReached(tripId: string, reply: Reply<readonly string[]>): string[] {
  if (reply.kind === "answered") return [...reply.outcome];
  if (reply.kind !== "gone") throw noAnswer(reply, `decision on trip ${tripId}`);
  throw new ConnectError(
    `trip ${tripId} has no workflow that waits for a decision: it is over, or has not begun`,
    Code.FailedPrecondition,
  );
}
