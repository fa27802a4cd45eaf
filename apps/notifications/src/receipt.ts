import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { BusError } from "@fanfare/bus";
import type { TripCompleted } from "@fanfare/contracts/trips/v1/trip_events";
import { moneyText } from "./money-text.ts";
import type { NewReceipt } from "./store.ts";

/**
 * writeReceipt writes the receipt of a completed trip. BusError `permanent` for an event that lacks
 * what it must have.
 */
export function writeReceipt(trip: TripCompleted): NewReceipt {
  const { startedAt, endedAt, unlockFee, fare, settled } = trip;
  if (!startedAt || !endedAt || !unlockFee || !fare || !settled) {
    throw new BusError(
      "permanent",
      `TripCompleted of trip ${trip.tripId} lacks started_at, ended_at or an amount`,
    );
  }
  const total = moneyText(settled);
  const lines = [
    ["Vehicle", trip.vehicleId],
    ["From", timeText(startedAt)],
    ["To", timeText(endedAt)],
    ["Duration", durationText(startedAt, endedAt)],
    ["Unlocking", moneyText(unlockFee)],
    ["Driving", moneyText(fare)],
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
      ...lines.map(([name = "", value = ""]) => name.padEnd(11) + value),
      "",
    ].join("\n"),
  };
}

const timeFormat = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "long",
  timeStyle: "short",
  timeZone: "UTC",
});

function timeText(time: Timestamp): string {
  return `${timeFormat.format(timestampDate(time))} UTC`;
}

function durationText(from: Timestamp, to: Timestamp): string {
  const seconds = Math.max(0, Number(to.seconds - from.seconds));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}
