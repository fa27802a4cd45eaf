import { isDeepStrictEqual } from "node:util";
import type { CallOptions } from "@connectrpc/connect";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import { type Trip, TripStatus, TripStatusSchema } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import type { Clients } from "./clients.ts";
import { type Effects, readEffects } from "./effects.ts";

/** A rider with a trip to take. */
export interface Rider {
  readonly name: string;
  readonly tripId: string;
  readonly vehicleId: string;
  /** The sandbox's token of the rider's payment method. */
  readonly gatewayToken: string;
}

/** Creates a trip of a rider of its own that can complete, with the given changes. */
export function createTrip(fields: Partial<Rider> = {}): Rider {
  const tripId = crypto.randomUUID();
  return {
    name: `alice-${tripId}`,
    tripId,
    vehicleId: "vehicle-1",
    gatewayToken: "pm_card_visa",
    ...fields,
  };
}

/** Starts the trip with the rider's payment method, and returns it. */
export async function startTrip(
  clients: Clients,
  rider: Rider,
  options?: CallOptions,
): Promise<Trip | undefined> {
  const { name, tripId, vehicleId, gatewayToken } = rider;
  const paymentMethod = await clients.findPaymentMethod(name, gatewayToken);
  const request = { tripId, vehicleId, paymentMethod };
  return (await clients.trips(name).startTrip(request, options)).trip;
}

/** Repeats an idempotent call until it succeeds, as a rider's phone does. */
export async function retryCall<T>(what: string, call: () => Promise<T>): Promise<T> {
  return await waitUntil(call, { what, intervalMs: 250, timeoutMs: 120_000 });
}

/** Takes a trip to its end, or cancels it during the drive. Repeats calls while something is down. */
export async function takeTrip(
  clients: Clients,
  rider: Rider,
  end: "end" | "cancel",
): Promise<void> {
  const { tripId } = rider;
  const trips = clients.trips(rider.name);
  await retryCall(`trip ${tripId} to start`, async () => {
    return (await startTrip(clients, rider))?.status === TripStatus.ACTIVE;
  });
  await retryCall(`trip ${tripId} to ${end}`, async () => {
    if (end === "end") await trips.endTrip({ tripId });
    else await trips.cancelTrip({ tripId, reason: "rain" });
    return true;
  });
}

/** Waits until the trip has the status, long enough for a system that recovers from a fault. Returns all of it. */
export async function waitForStatus(
  clients: Clients,
  rider: Rider,
  status: TripStatus,
): Promise<OperatorTrip> {
  return await waitUntil(
    async () => {
      const { trip } = await clients.operations.getTrip({ tripId: rider.tripId });
      return trip?.status === status && trip;
    },
    {
      what: `trip ${rider.tripId} to be ${TripStatusSchema.value[status]?.name}`,
      intervalMs: 100,
      timeoutMs: 120_000,
    },
  );
}

/** Waits until every group has the expected effects of the trip. */
export async function waitForEffects(clients: Clients, tripId: string, expected: Effects) {
  let seen: Effects | undefined;
  await waitUntil(
    async () => {
      seen = await readEffects(clients, tripId);
      return isDeepStrictEqual(seen, expected);
    },
    { what: `the effects of trip ${tripId}`, intervalMs: 100, timeoutMs: 120_000 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; seen: ${JSON.stringify(seen)}`, { cause: error });
  });
}
