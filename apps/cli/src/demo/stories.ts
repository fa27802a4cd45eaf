import { Code, ConnectError } from "@connectrpc/connect";
import { Broadcast_State, type Trip, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { formatStatus } from "../trip-text.ts";
import type { TripsClient } from "../trips-client.ts";

/** Story is one trip of the demo, and how it is to end. */
export interface Story {
  readonly name: "completed" | "declined" | "cancelled";
  readonly title: string;
  readonly vehicleId: string;
  readonly paymentMethod: string;
  readonly ends: "SETTLED" | "CANCELLED";
  /** Steps that must have been compensated, the last one first. */
  readonly compensated: readonly string[];
  /** How many effects each group is to have. */
  readonly effects: 0 | 1;
  /** What the rider does. Rejects when an answer is not as it should be. */
  act(client: TripsClient, trip: RiderTrip): Promise<void>;
  /** Whether the trip is over, and everything about it said. */
  readonly isOver: (trip: Trip) => boolean;
}

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
      `StartTrip answered ${formatStatus(trip?.status ?? TripStatus.UNSPECIFIED)} and not ACTIVE`,
    );
  }
}

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
      throw new Error(`StartTrip was to be refused, and was not: ${refusal?.message ?? "ACTIVE"}`);
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
