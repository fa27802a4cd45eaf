import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { countMinorDigits } from "@fanfare/contracts/minor-units";
import type { Money } from "@fanfare/contracts/money/v1/money";
import {
  type TripStep,
  TripStep_StateSchema,
} from "@fanfare/contracts/operators/v1/trip_operations";
import { Broadcast_State, type OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import { type Trip, TripStatus, TripStatusSchema } from "@fanfare/contracts/trips/v1/trips";
import { alignRows, type Colour, type Terminal } from "../terminal.ts";

/** Returns the name of a status, such as SETTLED. */
export function formatStatus(status: TripStatus): string {
  return TripStatusSchema.value[status]?.localName ?? `status ${status}`;
}

/** Returns the name of a status in colour: green for settled, red for needs attention. */
export function formatColouredStatus(status: TripStatus, terminal: Terminal): string {
  return terminal.colour(colours[status] ?? "cyan", formatStatus(status));
}

const colours: Readonly<Partial<Record<TripStatus, Colour>>> = {
  [TripStatus.SETTLED]: "green",
  [TripStatus.COMPENSATING]: "yellow",
  [TripStatus.CANCELLED]: "yellow",
  [TripStatus.NEEDS_ATTENTION]: "red",
};

/** Formats a trip, as its rider or operators see it, and its steps as lines of text. */
export function formatTrip(
  trip: Trip | OperatorTrip,
  steps: readonly TripStep[],
  terminal: Terminal,
): string[] {
  const facts: [string, string][] = [
    ["trip", trip.tripId],
    ["status", formatColouredStatus(trip.status, terminal)],
    ["rider", trip.riderId],
    ["vehicle", trip.vehicleId],
    ["payment", trip.paymentMethod],
    ["requested", formatTime(trip.requestedAt)],
    ["started", formatTime(trip.startedAt)],
    ["end requested", formatTime(trip.endRequestedAt)],
    ["cancel requested", formatTime(trip.cancelRequestedAt)],
    ["ended", formatTime(trip.endedAt)],
    ["tariff", trip.tariff?.id ?? ""],
    ["fare", formatMoney(trip.fare)],
    ["settled", formatMoney(trip.settled)],
    ["refunded", formatMoney(trip.refunded)],
    ...(isOperatorTrip(trip) ? listOperatorFacts(trip) : []),
    ["reason", trip.reason],
  ];
  const known = facts.filter(([, text]) => text !== "");
  return [
    ...alignRows(known.map(([name, text]) => [terminal.colour("dim", name), text])),
    ...formatSteps(steps, terminal),
  ];
}

function isOperatorTrip(trip: Trip | OperatorTrip): trip is OperatorTrip {
  return trip.$typeName === "trips.v1.OperatorTrip";
}

function listOperatorFacts(trip: OperatorTrip): [string, string][] {
  return [
    ["broadcast", formatBroadcast(trip)],
    ["delayed", trip.delayedStep],
    ["decision", trip.decision],
  ];
}

/** Formats a change of a trip as one line, with everything that is open or delayed. */
export function formatWatched(trip: Trip | OperatorTrip, terminal: Terminal): string {
  const parts = [
    `version ${trip.version}`,
    formatColouredStatus(trip.status, terminal),
    trip.endRequestedAt !== undefined && trip.endedAt === undefined ? "end requested" : "",
    trip.cancelRequestedAt === undefined ? "" : "cancellation requested",
    ...(isOperatorTrip(trip) ? listDelays(trip) : []),
    trip.reason,
  ];
  return parts.filter((part) => part !== "").join("  ");
}

function listDelays(trip: OperatorTrip): string[] {
  const broadcast =
    trip.broadcast?.state === Broadcast_State.PUBLISHED ? "published" : formatBroadcast(trip);
  return [
    trip.delayedStep === "" ? "" : `${trip.delayedStep} is delayed`,
    broadcast === "" ? "" : `broadcast ${broadcast}`,
  ];
}

/** Formats each step with its state, its attempts and its last error. */
function formatSteps(steps: readonly TripStep[], terminal: Terminal): string[] {
  return alignRows(
    steps.map((step) => [
      `  ${step.name}`,
      (TripStep_StateSchema.value[step.state]?.localName ?? "").toLowerCase(),
      step.attempts > 1 ? `attempt ${step.attempts}` : "",
      terminal.colour("dim", step.lastError),
    ]),
  );
}

/** Formats trips as a table. */
export function formatTripTable(
  trips: readonly (Trip | OperatorTrip)[],
  terminal: Terminal,
): string[] {
  const head = ["TRIP", "STATUS", "VEHICLE", "RIDER", "REQUESTED", "SETTLED"];
  return alignRows([
    head.map((name) => terminal.colour("dim", name)),
    ...trips.map((trip) => [
      trip.tripId,
      formatColouredStatus(trip.status, terminal),
      trip.vehicleId,
      trip.riderId,
      formatTime(trip.requestedAt),
      formatMoney(trip.settled),
    ]),
  ]);
}

function formatBroadcast({ broadcast }: OperatorTrip): string {
  if (broadcast === undefined) return "";
  if (broadcast.state === Broadcast_State.PUBLISHED) {
    return `published ${formatTime(broadcast.publishedAt)}`;
  }
  return broadcast.state === Broadcast_State.DELAYED ? `delayed: ${broadcast.error}` : "";
}

/** Formats an amount, such as €1.30; empty for undefined. */
export function formatMoney(money: Money | undefined): string {
  if (money === undefined) return "";
  const { currency } = money;
  const digits = countMinorDigits(currency);
  const fractionDigits = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat("en", { style: "currency", currency, ...fractionDigits });
  return format.format(Number(money.minorUnits) / 10 ** digits);
}

/** Formats a time in UTC, such as 2026-11-21 10:00:00; empty for undefined. */
export function formatTime(time: Timestamp | undefined): string {
  return time === undefined ? "" : timestampDate(time).toISOString().replace("T", " ").slice(0, 19);
}
