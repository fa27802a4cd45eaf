import { create, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import {
  ListTripsResponseSchema,
  type Trip,
  TripSchema,
  TripStatus,
  type TripStep,
} from "@fanfare/contracts/trips/v1/trips";
import { CliError } from "../cli-error.ts";
import { addSandboxMethod, isSandboxToken } from "../riders/sandbox-methods.ts";
import type { Terminal } from "../terminal.ts";
import { type CallerOptions, findAddress } from "./find-address.ts";
import { formatTrip, formatTripTable, formatWatched } from "./trip-text.ts";
import { connectToTrips, type TripsClient } from "./trips-client.ts";
import { watchTrip } from "./watch-trip.ts";

/** The options that all trip commands share. */
export interface TripOptions extends CallerOptions {
  readonly json?: boolean;
}

/** What a trip command works with. */
export interface TripContext {
  readonly client: TripsClient;
  readonly terminal: Terminal;
  readonly json: boolean;
}

/** Runs a command with a client of the running stack. */
export async function withTrips(
  options: TripOptions,
  terminal: Terminal,
  command: (context: TripContext) => Promise<void>,
): Promise<void> {
  using trips = connectToTrips(await findAddress(options));
  await command({ client: trips.client, terminal, json: options.json ?? false });
}

/** Options of {@link startTrip}. */
export interface StartOptions {
  readonly id?: string;
  readonly vehicle: string;
  readonly payment: string;
}

/**
 * Returns the id of a payment method: the given one, or that of a method of the sandbox, which is added to the
 * rider.
 */
export async function findPaymentMethod(payment: string, options: TripOptions): Promise<string> {
  if (!isSandboxToken(payment)) return payment;
  const { url: _, ...caller } = options;
  return await addSandboxMethod(await findAddress(caller, process.env, "riders"), payment);
}

/** Starts a trip and prints it, which is ACTIVE, or still REQUESTED or PENDING. */
export async function startTrip(context: TripContext, options: StartOptions): Promise<void> {
  const { trip } = await context.client.startTrip({
    tripId: options.id ?? crypto.randomUUID(),
    vehicleId: options.vehicle,
    paymentMethod: options.payment,
  });
  printTrip(context, trip);
}

/** Ends the drive and prints the trip. */
export async function endTrip(context: TripContext, tripId: string): Promise<void> {
  const { trip } = await context.client.endTrip({ tripId });
  printTrip(context, trip);
}

/** Cancels a trip and prints it. */
export async function cancelTrip(
  context: TripContext,
  tripId: string,
  reason: string,
): Promise<void> {
  const { trip } = await context.client.cancelTrip({ tripId, reason });
  printTrip(context, trip);
}

/** Prints a trip and its steps. Omits the steps when the workflow does not answer. */
export async function getTrip(context: TripContext, tripId: string): Promise<void> {
  const { client } = context;
  const [{ trip }, { steps }] = await Promise.all([
    client.getTrip({ tripId }),
    client.getTripProgress({ tripId }).catch(() => ({ steps: [] })),
  ]);
  printTrip(context, trip, steps);
}

/** Options of {@link listTrips}. */
export interface ListOptions {
  readonly limit: number;
  readonly page?: string;
  readonly status?: string;
}

/** Prints a page of trips, newest first. */
export async function listTrips(context: TripContext, options: ListOptions): Promise<void> {
  const page = await context.client.listTrips({
    pageSize: options.limit,
    pageToken: options.page ?? "",
    status: options.status === undefined ? TripStatus.UNSPECIFIED : parseStatus(options.status),
  });
  if (context.json) return printJson(context, ListTripsResponseSchema, page);
  for (const line of formatTripTable(page.trips, context.terminal)) context.terminal.line(line);
  if (page.nextPageToken !== "") context.terminal.line(`Next page: --page ${page.nextPageToken}`);
}

/** Prints a trip after each change, until it is over and its event is published. Resumes a stream that ends early. */
export async function printChanges(context: TripContext, tripId: string): Promise<void> {
  const { client, terminal, json } = context;
  for await (const trip of watchTrip(client, tripId)) {
    if (json) printJson(context, TripSchema, trip);
    else terminal.line(formatWatched(trip, terminal));
  }
}

function parseStatus(name: string): TripStatus {
  const found = Object.entries(TripStatus).find(([key]) => key === name.toUpperCase());
  if (found === undefined || typeof found[1] === "string") {
    const names = Object.keys(TripStatus).filter((key) => Number.isNaN(Number(key)));
    throw new CliError(
      `expected a status, got "${name}": choose one of ${names.slice(1).join(", ")}`,
    );
  }
  return found[1];
}

function printTrip(
  context: TripContext,
  trip: Trip | undefined,
  steps: readonly TripStep[] = [],
): void {
  const shown = trip ?? create(TripSchema);
  if (context.json) return printJson(context, TripSchema, shown);
  for (const line of formatTrip(shown, steps, context.terminal)) context.terminal.line(line);
}

function printJson<S extends DescMessage>(
  { terminal }: TripContext,
  schema: S,
  message: MessageShape<S>,
): void {
  terminal.line(JSON.stringify(toJson(schema, message)));
}
