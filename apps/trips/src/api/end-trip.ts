import type { Caller } from "@fanfare/service";
import { createCannotEndError, requestEnd } from "../registry/stop-requests.ts";
import type { TripRow } from "../registry/tables.ts";
import { isCompensating } from "../registry/trip-phase.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import { sendStopRequest } from "../temporal/send-stop-request.ts";
import type { CallOptions, DecisionOptions, TripWorkflows } from "../temporal/trip-workflows.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";

/** The dependencies of `endTrip`. */
export interface EndTripDeps {
  readonly registry: TripRegistry;
  readonly workflows: TripWorkflows;
}

/** How long the call waits for the workflow, in milliseconds. The recorded request needs no answer. */
const maxWaitMs = 10_000;

/**
 * Records the request to end the drive, asks the workflow to carry it out, and returns the trip with its
 * end and its fare, or as it is when the workflow does not answer in time: the reconciler delivers the
 * request later. A repeated call returns the same. Throws failed_precondition when the trip is not ACTIVE.
 */
export async function endTrip(
  tripId: string,
  { caller, ...call }: CallOptions & { caller: Caller },
  deps: EndTripDeps,
): Promise<TripRow> {
  const { trip_id } = await getVisibleTrip(deps.registry, caller, tripId);
  return await carryOut(await deps.registry.record(trip_id, requestEnd()), call, deps);
}

/** Does as `endTrip` on behalf of the rider, and logs the decision of the operator with the request. */
export async function endTripForRider(
  { tripId, reason }: { readonly tripId: string; readonly reason: string },
  { caller, decisionId: entryId, ...call }: DecisionOptions & { caller: Caller },
  deps: EndTripDeps,
): Promise<TripRow> {
  const { trip_id: subject } = await getVisibleTrip(deps.registry, caller, tripId);
  const { subject: operator } = caller;
  const entry = { entryId, operator, action: "END_TRIP", subject, details: "", reason } as const;
  const asked = await deps.registry.decide(subject, requestEnd({ operator, reason }), entry);
  return await carryOut(asked, call, deps);
}

async function carryOut(
  asked: TripRow,
  call: CallOptions,
  { registry, workflows }: EndTripDeps,
): Promise<TripRow> {
  if (asked.ended_at !== null) return asked;
  const timeoutMs = Math.min(call.timeoutMs, maxWaitMs);
  await sendStopRequest(workflows, asked, { ...call, timeoutMs });
  const trip = (await registry.find(asked.trip_id)) ?? asked;
  if (isCompensating(trip)) throw createCannotEndError(trip);
  return trip;
}
