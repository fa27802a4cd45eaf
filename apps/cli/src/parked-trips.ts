import { create, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import {
  ResolveTripResponseSchema,
  RetryTripResponseSchema,
  type Trip,
  TripSchema,
  type TripStep,
  TripStep_State,
  TripStepSchema,
} from "@fanfare/contracts/trips/v1/trips";
import type { ParkedTripIds } from "./find-parked-trips.ts";
import { listHeld } from "./list-held.ts";
import { alignRows, type Terminal } from "./terminal.ts";
import type { TripContext } from "./trip.ts";
import { formatColouredStatus } from "./trip-text.ts";

/** StuckTrip is a trip that waits for an operator. */
interface ParkedTrip {
  readonly trip: Trip;
  /** The steps that wait, with what they failed with; undefined when its workflow does not answer. */
  readonly waiting: readonly TripStep[] | undefined;
  /** What it still holds, in words. */
  readonly held: readonly string[];
}

/** stuckTrips lists trips that wait for an operator: with what, what they hold, and why. */
export async function listParkedTrips(
  context: TripContext,
  { tripIds, more }: ParkedTripIds,
): Promise<void> {
  const { client, terminal, json } = context;
  const stuck = (await Promise.all(tripIds.map((tripId) => readParkedTrip(client, tripId)))).filter(
    ({ waiting }) => waiting?.length !== 0,
  );
  if (json) return terminal.line(JSON.stringify({ trips: stuck.map(toJsonDocument), more }));
  if (stuck.length === 0) return terminal.line("no trip waits for an operator");
  const head = ["TRIP", "STATUS", "RIDER", "WAITS", "HOLDS", "WHY"];
  const rows = stuck.flatMap((one) => toRows(one, terminal));
  for (const line of alignRows([head.map((name) => terminal.colour("dim", name)), ...rows])) {
    terminal.line(line);
  }
  if (more) terminal.line("more: raise --limit");
}

async function readParkedTrip(client: TripContext["client"], tripId: string): Promise<ParkedTrip> {
  const [{ trip = create(TripSchema, { tripId }) }, steps] = await Promise.all([
    client.getTrip({ tripId }),
    client.getTripProgress({ tripId }).then(
      (progress) => progress.steps,
      () => undefined,
    ),
  ]);
  if (steps === undefined) return { trip, waiting: undefined, held: ["unknown"] };
  const waiting = steps.filter(({ state }) => state === TripStep_State.PARKED);
  return { trip, waiting, held: listHeld(trip, steps) };
}

function toRows({ trip, waiting, held }: ParkedTrip, terminal: Terminal): string[][] {
  const unknown = [{ name: "unknown", lastError: trip.reason }];
  return (waiting ?? unknown).map(({ name, lastError }) => [
    trip.tripId,
    formatColouredStatus(trip.status, terminal),
    trip.riderId,
    name,
    held.join(", ") || "-",
    lastError,
  ]);
}

function toJsonDocument({ trip, waiting, held }: ParkedTrip): object {
  return {
    trip: toJson(TripSchema, trip),
    waiting: waiting?.map((step) => toJson(TripStepSchema, step)),
    held,
  };
}

/** retryTrip takes up again what a trip waits with, one step or all. */
export async function retryTrip(
  context: TripContext,
  request: { readonly tripId: string; readonly step?: string },
): Promise<void> {
  const response = await context.client.retryTrip(request);
  if (context.json) return printJson(context, RetryTripResponseSchema, response);
  context.terminal.line(`retrying ${response.steps.join(", ")}`);
}

/** resolveTrip goes on without what a trip waits with, as the note says that it was dealt with by hand. */
export async function resolveTrip(
  context: TripContext,
  request: { readonly tripId: string; readonly note: string; readonly step?: string },
): Promise<void> {
  const response = await context.client.resolveTrip(request);
  if (context.json) return printJson(context, ResolveTripResponseSchema, response);
  context.terminal.line(`resolved ${response.steps.join(", ")}`);
}

function printJson<S extends DescMessage>(
  { terminal }: TripContext,
  schema: S,
  message: MessageShape<S>,
): void {
  terminal.line(JSON.stringify(toJson(schema, message)));
}
