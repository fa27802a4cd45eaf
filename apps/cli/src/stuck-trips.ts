import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import {
  ListTripsResponseSchema,
  ResolveTripResponseSchema,
  RetryTripResponseSchema,
  type Trip,
  TripStatus,
} from "@fanfare/contracts/trips/v1/trips";
import { alignRows } from "./terminal.ts";
import type { TripContext } from "./trip.ts";

/** stuckTrips lists a page of the trips that wait for an operator, with what they wait for. */
export async function stuckTrips(
  context: TripContext,
  options: { readonly limit: number; readonly page?: string },
): Promise<void> {
  const { client, terminal } = context;
  const page = await client.listTrips({
    status: TripStatus.NEEDS_ATTENTION,
    pageSize: options.limit,
    pageToken: options.page ?? "",
  });
  if (context.json) return printJson(context, ListTripsResponseSchema, page);
  if (page.trips.length === 0) terminal.line("no trip waits for an operator");
  for (const line of alignRows(page.trips.map(rowOf))) terminal.line(line);
  if (page.nextPageToken !== "") terminal.line(`more: --page ${page.nextPageToken}`);
}

function rowOf({ tripId, riderId, vehicleId, reason }: Trip): string[] {
  return [tripId, riderId, vehicleId, reason];
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
