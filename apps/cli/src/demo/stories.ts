import { Code, ConnectError } from "@connectrpc/connect";
import { Broadcast_State, type OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import type { SandboxToken } from "../riders/sandbox-methods.ts";
import { formatStatus } from "../trip/trip-text.ts";
import type { OperationsClient, TripsClient } from "../trip/trips-client.ts";
import { checkDemoFare } from "./demo-tariff.ts";

/** A trip of the demo, and its expected end. */
export interface Story {
  readonly name: "completed" | "declined" | "cancelled" | "outage";
  readonly title: string;
  readonly vehicleId: string;
  /** The sandbox's token of the rider's payment method. */
  readonly gatewayToken: SandboxToken;
  readonly ends: "SETTLED" | "CANCELLED";
  /** The steps that must be compensated, last step first. */
  readonly compensated: readonly string[];
  /** The expected number of effects in each group. */
  readonly effects: 0 | 1;
  /** Sends the rider's calls. Rejects when an answer is unexpected. */
  act(client: TripsClient, trip: RiderTrip): Promise<void>;
  /** Returns what is wrong with the trip after its end. Default: nothing is. */
  readonly check?: (trip: OperatorTrip) => string[];
  /** Whether it stops billing, which a demo can do on a stack of its own only. */
  readonly needsOwnStack?: boolean;
  /** Returns whether the trip is over and, if it completed, broadcast. */
  readonly isOver: (trip: OperatorTrip) => boolean;
}

/** Stops billing. Resolves with what starts it again. */
export type StopBilling = () => Promise<() => Promise<void>>;

/** The trip of a story. */
export interface RiderTrip {
  readonly tripId: string;
  /** The id of the rider's payment method. */
  readonly paymentMethod: string;
  readonly operations: OperationsClient;
  readonly signal: AbortSignal;
  /** Absent on a stack that is not the demo's own. */
  readonly stopBilling?: StopBilling | undefined;
}

const isSettled = (trip: OperatorTrip): boolean =>
  trip.status === TripStatus.SETTLED && trip.broadcast?.state === Broadcast_State.PUBLISHED;
const isCancelled = (trip: OperatorTrip): boolean => trip.status === TripStatus.CANCELLED;

async function start(
  story: Story,
  client: TripsClient,
  { tripId, paymentMethod, signal }: RiderTrip,
) {
  const { vehicleId } = story;
  const { trip } = await client.startTrip({ tripId, vehicleId, paymentMethod }, { signal });
  if (trip?.status !== TripStatus.ACTIVE) {
    throw new Error(
      `expected StartTrip to answer ACTIVE, got ${formatStatus(trip?.status ?? TripStatus.UNSPECIFIED)}`,
    );
  }
}

/** Waits until the trip shows that its fare cannot be charged. */
async function waitUntilDelayed({ tripId, operations, signal }: RiderTrip): Promise<void> {
  for await (const { trip } of operations.watchTrip({ tripId }, { signal, timeoutMs: 60_000 })) {
    if (trip?.delayedStep !== undefined && trip.delayedStep !== "") return;
  }
}

/** The stories of the demo: completed, declined, cancelled, outage. */
export const stories: readonly Story[] = [
  {
    name: "completed",
    title: "A trip that completes",
    vehicleId: "vehicle-1",
    gatewayToken: "pm_card_visa",
    ends: "SETTLED",
    compensated: [],
    effects: 1,
    async act(client, trip) {
      await start(this, client, trip);
      await client.endTrip({ tripId: trip.tripId }, { signal: trip.signal });
    },
    isOver: isSettled,
  },
  {
    name: "declined",
    title: "A trip whose payment method is declined",
    vehicleId: "vehicle-2",
    gatewayToken: "pm_card_chargeDeclined",
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
    title: "A trip that its rider cancels within the grace",
    vehicleId: "vehicle-3",
    gatewayToken: "pm_card_visa",
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
  {
    name: "outage",
    title: "A trip whose drive ends while billing is down",
    vehicleId: "vehicle-4",
    gatewayToken: "pm_card_visa",
    ends: "SETTLED",
    compensated: [],
    effects: 1,
    needsOwnStack: true,
    async act(client, trip) {
      const { tripId, signal, stopBilling } = trip;
      await start(this, client, trip);
      const startBilling = await stopBilling?.();
      await client.endTrip({ tripId }, { signal });
      await waitUntilDelayed(trip);
      await startBilling?.();
    },
    check: checkDemoFare,
    isOver: isSettled,
  },
];
