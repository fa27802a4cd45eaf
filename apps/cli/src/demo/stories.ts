import { Code, ConnectError } from "@connectrpc/connect";
import { Broadcast_State, type Trip, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { formatStatus } from "../trip/trip-text.ts";
import type { TripsClient } from "../trip/trips-client.ts";

/** A trip of the demo, and its expected end. */
export interface Story {
  readonly name: "completed" | "declined" | "cancelled";
  readonly title: string;
  readonly vehicleId: string;
  readonly paymentMethod: string;
  readonly ends: "SETTLED" | "CANCELLED";
  /** The steps that must be compensated, last step first. */
  readonly compensated: readonly string[];
  /** The expected number of effects in each group. */
  readonly effects: 0 | 1;
  /** Sends the rider's calls. Rejects when an answer is unexpected. */
  act(client: TripsClient, trip: RiderTrip): Promise<void>;
  /** Returns whether the trip is over and, if it completed, broadcast. */
  readonly isOver: (trip: Trip) => boolean;
}

/** The trip of a story. */
export interface RiderTrip {
  readonly tripId: string;
  readonly signal: AbortSignal;
}

const isCancelled = (trip: Trip): boolean => trip.status === TripStatus.CANCELLED;

async function start(story: Story, client: TripsClient, { tripId, signal }: RiderTrip) {
  const { vehicleId, paymentMethod } = story;
  const { trip } = await client.startTrip({ tripId, vehicleId, paymentMethod }, { signal });
  if (trip?.status !== TripStatus.ACTIVE) {
    throw new Error(
      `expected StartTrip to answer ACTIVE, got ${formatStatus(trip?.status ?? TripStatus.UNSPECIFIED)}`,
    );
  }
}

/** The three stories of the demo: completed, declined, cancelled. */
export const stories: readonly Story[] = [
  {
    name: "completed",
    title: "A trip that completes",
    vehicleId: "vehicle-1",
    paymentMethod: "pm_card_visa",
    ends: "SETTLED",
    compensated: [],
    effects: 1,
    async act(client, trip) {
      await start(this, client, trip);
      await client.endTrip({ tripId: trip.tripId }, { signal: trip.signal });
    },
    isOver: (trip) =>
      trip.status === TripStatus.SETTLED && trip.broadcast?.state === Broadcast_State.PUBLISHED,
  },
  {
    name: "declined",
    title: "A trip whose payment method is declined",
    vehicleId: "vehicle-2",
    paymentMethod: "pm_card_chargeDeclined",
    ends: "CANCELLED",
    compensated: ["reserve-vehicle", "accept-trip"],
    effects: 0,
    async act(client, trip) {
      const refusal = await start(this, client, trip).then(
        () => undefined,
        (error: unknown) => ConnectError.from(error),
      );
      if (refusal?.code === Code.FailedPrecondition) return;
      throw new Error(
        `expected StartTrip to be refused with failed_precondition, got ${refusal?.message ?? "ACTIVE"}`,
      );
    },
    isOver: isCancelled,
  },
  {
    name: "cancelled",
    title: "A trip that its rider cancels during the drive",
    vehicleId: "vehicle-3",
    paymentMethod: "pm_card_visa",
    ends: "CANCELLED",
    compensated: ["charge-unlock-fee", "open-tab", "reserve-vehicle", "accept-trip"],
    effects: 0,
    async act(client, trip) {
      await start(this, client, trip);
      const { tripId, signal } = trip;
      await client.cancelTrip({ tripId, reason: "a change of plans" }, { signal });
    },
    isOver: isCancelled,
  },
];
