import { Code, ConnectError } from "@connectrpc/connect";
import type { TripStep } from "@fanfare/contracts/operators/v1/trip_operations";
import type { Caller } from "@fanfare/service";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { CallOptions, TripWorkflows } from "../temporal/trip-workflows.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { toTripSteps } from "./trip-steps.ts";

/** The dependencies of `getTripProgress`. */
export interface GetTripProgressDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
}

/**
 * Returns the steps of a trip's saga, in the order in which they began. Throws unavailable when its
 * workflow does not answer, and not_found when Temporal does not have it.
 */
export async function getTripProgress(
  tripId: string,
  call: CallOptions & { caller: Caller },
  { registry, workflows }: GetTripProgressDeps,
): Promise<TripStep[]> {
  const { trip_id } = await getVisibleTrip(registry, call.caller, tripId);
  const reply = await workflows.progress(trip_id, call);
  if (reply.kind === "answered") return toTripSteps(reply.outcome);
  if (reply.kind === "not-running") {
    throw new ConnectError(
      `Temporal has no workflow of trip ${trip_id}: it has not begun, or is past its retention. Call GetTrip for the state of the trip`,
      Code.NotFound,
    );
  }
  throw new ConnectError(
    `the workflow of trip ${trip_id} does not answer: call again in a moment. Call GetTrip for the state of the trip`,
    Code.Unavailable,
    undefined,
    undefined,
    reply,
  );
}
