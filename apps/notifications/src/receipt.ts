import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { PermanentError } from "@fanfare/bus";
import type { TripCompleted } from "@fanfare/contracts/trips/v1/trip_events";
import { escapeText } from "@fanfare/service";
import { formatMoney } from "./format-money.ts";
import type { NewReceipt } from "./store.ts";

/**
 * Writes the receipt of a completed trip, in English and UTC. Its lines sum to its total. Throws a
 * PermanentError when the event lacks a timestamp or an amount.
 */
export function writeReceipt(trip: TripCompleted): NewReceipt {
  const { startedAt, endedAt, unlockFee, fare, settled } = trip;
  if (!startedAt || !endedAt || !unlockFee || !fare || !settled) {
    throw new PermanentError(
      `expected started_at, ended_at and all amounts in TripCompleted of trip ${trip.tripId}: correct its publisher`,
    );
  }
  const total = formatMoney(settled);
  // What an operator settled by hand in place of a charge or the capture.
  const adjustment = settled.minorUnits - unlockFee.minorUnits - fare.minorUnits;
  const lines = [
    ["Vehicle", trip.vehicleId],
    ["From", formatTime(startedAt)],
    ["To", formatTime(endedAt)],
    ["Duration", formatDuration(startedAt, endedAt)],
    ["Unlocking", formatMoney(unlockFee)],
    ["Driving", formatMoney(fare)],
    ...(adjustment === 0n
      ? []
      : [["Adjustment", formatMoney({ ...settled, minorUnits: adjustment })]]),
    ["Total", total],
    ["Trip", trip.tripId],
  ];
  return {
    tripId: trip.tripId,
    riderId: trip.riderId,
    subject: `Your receipt: ${total}`,
    text: [
      "Thank you for driving with Fanfare.",
      "",
      ...lines.map(([name = "", value = ""]) => name.padEnd(11) + escapeText(value)),
      "",
    ].join("\n"),
  };
}

const timeFormat = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "long",
  timeStyle: "short",
  timeZone: "UTC",
});

function formatTime(time: Timestamp): string {
  return `${timeFormat.format(timestampDate(time))} UTC`;
}

function formatDuration(from: Timestamp, to: Timestamp): string {
  const seconds = Math.max(0, Number(to.seconds - from.seconds));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}
