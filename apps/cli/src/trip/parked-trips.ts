import { create, toJson } from "@bufbuild/protobuf";
import {
  ResolveTripResponseSchema,
  RetryTripResponseSchema,
  type TripStep,
  TripStep_State,
  TripStepSchema,
} from "@fanfare/contracts/operators/v1/trip_operations";
import { type OperatorTrip, OperatorTripSchema } from "@fanfare/contracts/trips/v1/operator_trip";
import { alignRows, type Terminal } from "../terminal.ts";
import type { ParkedTripIds } from "./find-parked-trips.ts";
import { listHeld } from "./list-held.ts";
import { printJson } from "./print-json.ts";
import type { OperatorContext } from "./trip-context.ts";
import { formatColouredStatus } from "./trip-text.ts";

/** A trip that waits for an operator. */
interface ParkedTrip {
  readonly trip: OperatorTrip;
  /** The parked steps with their errors; undefined when the workflow does not answer. */
  readonly parked: readonly TripStep[] | undefined;
  /** What the trip still holds, in words. */
  readonly held: readonly string[];
}

/** Prints the parked trips with the parked steps, what the trips hold, and the errors. */
export async function listParkedTrips(
  context: OperatorContext,
  { tripIds, more }: ParkedTripIds,
): Promise<void> {
  const { client, terminal, json } = context;
  const trips = (await Promise.all(tripIds.map((tripId) => readParkedTrip(client, tripId)))).filter(
    ({ parked }) => parked?.length !== 0,
  );
  if (json) return terminal.line(JSON.stringify({ trips: trips.map(toJsonDocument), more }));
  if (trips.length === 0) return terminal.line("No trip is parked.");
  const head = ["TRIP", "STATUS", "RIDER", "PARKED", "HOLDS", "ERROR"];
  const rows = trips.flatMap((one) => toRows(one, terminal));
  for (const line of alignRows([head.map((name) => terminal.colour("dim", name)), ...rows])) {
    terminal.line(line);
  }
  if (more) terminal.line("There are more: raise --limit");
}

async function readParkedTrip(
  client: OperatorContext["client"],
  tripId: string,
): Promise<ParkedTrip> {
  const [{ trip = create(OperatorTripSchema, { tripId }) }, steps] = await Promise.all([
    client.getTrip({ tripId }),
    client.getTripProgress({ tripId }).then(
      (progress) => progress.steps,
      () => undefined,
    ),
  ]);
  if (steps === undefined) return { trip, parked: undefined, held: ["unknown"] };
  const parked = steps.filter(({ state }) => state === TripStep_State.PARKED);
  return { trip, parked, held: listHeld(trip, steps) };
}

function toRows({ trip, parked, held }: ParkedTrip, terminal: Terminal): string[][] {
  const unknown = [{ name: "unknown", lastError: trip.reason }];
  return (parked ?? unknown).map(({ name, lastError }) => [
    trip.tripId,
    formatColouredStatus(trip.status, terminal),
    trip.riderId,
    name,
    held.join(", ") || "-",
    lastError,
  ]);
}

function toJsonDocument({ trip, parked, held }: ParkedTrip): object {
  return {
    trip: toJson(OperatorTripSchema, trip),
    parked: parked?.map((step) => toJson(TripStepSchema, step)),
    held,
  };
}

/** Retries the parked steps of a trip, or one of them. */
export async function retryTrip(
  context: OperatorContext,
  request: { readonly tripId: string; readonly step?: string },
): Promise<void> {
  const response = await context.client.retryTrip(request);
  if (context.json) return printJson(context.terminal, [RetryTripResponseSchema], response);
  context.terminal.line(`Retrying ${response.steps.join(", ")}.`);
}

/** Resolves the parked steps of a trip, or one of them, with a note of what was done by hand. */
export async function resolveTrip(
  context: OperatorContext,
  request: { readonly tripId: string; readonly note: string; readonly step?: string },
): Promise<void> {
  const response = await context.client.resolveTrip(request);
  if (context.json) return printJson(context.terminal, [ResolveTripResponseSchema], response);
  context.terminal.line(`Resolved ${response.steps.join(", ")}.`);
}
