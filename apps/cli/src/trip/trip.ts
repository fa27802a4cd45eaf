import type { TripStep } from "@fanfare/contracts/operators/v1/trip_operations";
import { ListTripsResponseSchema as OperatorPageSchema } from "@fanfare/contracts/operators/v1/trip_operations";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import { ListTripsResponseSchema, type Trip, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { CliError } from "../cli-error.ts";
import { addSandboxMethod, isSandboxToken } from "../riders/sandbox-methods.ts";
import { findAddress } from "./find-address.ts";
import { printJson, tripSchemas } from "./print-json.ts";
import type { OperatorContext, RiderContext, TripContext, TripOptions } from "./trip-context.ts";
import { formatTrip, formatTripTable, formatWatched } from "./trip-text.ts";
import { watchTrip } from "./watch-trip.ts";

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
export async function startTrip(context: RiderContext, options: StartOptions): Promise<void> {
  const { trip } = await context.client.startTrip({
    tripId: options.id ?? crypto.randomUUID(),
    vehicleId: options.vehicle,
    paymentMethod: options.payment,
  });
  printTrip(context, trip);
}

/** Ends the drive and prints the trip. Operators state the reason. */
export async function endTrip(context: TripContext, tripId: string, reason: string): Promise<void> {
  const { trip } =
    context.role === "operator"
      ? await context.client.endTrip({ tripId, reason })
      : await context.client.endTrip({ tripId });
  printTrip(context, trip);
}

/** Cancels a trip and prints it. */
export async function cancelTrip(
  { client, ...context }: TripContext,
  tripId: string,
  reason: string,
): Promise<void> {
  const { trip } = await client.cancelTrip({ tripId, reason });
  printTrip(context, trip);
}

/** Prints a trip, and its steps to operators. Omits the steps when the workflow does not answer. */
export async function getTrip(context: TripContext, tripId: string): Promise<void> {
  const [{ trip }, steps] = await Promise.all([
    context.client.getTrip({ tripId }),
    context.role === "operator" ? readSteps(context, tripId) : [],
  ]);
  printTrip(context, trip, steps);
}

async function readSteps({ client }: OperatorContext, tripId: string): Promise<TripStep[]> {
  return await client.getTripProgress({ tripId }).then(
    ({ steps }) => steps,
    () => [],
  );
}

/** Options of {@link listTrips}. */
export interface ListOptions {
  readonly limit: number;
  readonly page?: string;
  readonly status?: string;
}

/** Prints a page of trips, newest first. */
export async function listTrips(context: TripContext, options: ListOptions): Promise<void> {
  const { terminal, json } = context;
  const request = {
    pageSize: options.limit,
    pageToken: options.page ?? "",
    status: options.status === undefined ? TripStatus.UNSPECIFIED : parseStatus(options.status),
  };
  const page = await context.client.listTrips(request);
  if (json) return printJson(terminal, [ListTripsResponseSchema, OperatorPageSchema], page);
  for (const line of formatTripTable(page.trips, terminal)) terminal.line(line);
  if (page.nextPageToken !== "") terminal.line(`Next page: --page ${page.nextPageToken}`);
}

/**
 * Prints a trip after each change, until it is over; for operators, until its event is published as well. Resumes
 * a stream that ends early.
 */
export async function printChanges(context: TripContext, tripId: string): Promise<void> {
  const { terminal, json } = context;
  const changes: AsyncIterable<Trip | OperatorTrip> =
    context.role === "operator"
      ? watchTrip(context.client, tripId)
      : watchTrip(context.client, tripId);
  for await (const trip of changes) {
    if (json) printJson(terminal, tripSchemas, trip);
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
  { terminal, json }: Pick<TripContext, "terminal" | "json">,
  trip: Trip | OperatorTrip | undefined,
  steps: readonly TripStep[] = [],
): void {
  if (trip === undefined) throw new CliError("the answer has no trip: update this command");
  if (json) return printJson(terminal, tripSchemas, trip);
  for (const line of formatTrip(trip, steps, terminal)) terminal.line(line);
}
