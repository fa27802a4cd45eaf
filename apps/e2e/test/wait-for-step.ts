import type { TripStep } from "@fanfare/contracts/operators/v1/trip_operations";
import { waitUntil } from "@fanfare/dev-stack";
import type { Clients } from "./clients.ts";
import type { Rider } from "./trips.ts";

/** Waits until a step of the trip has the wanted state and attempts, and returns it. */
export async function waitForStep(
  clients: Clients,
  rider: Rider,
  { name, ...wanted }: Partial<Pick<TripStep, "state">> & { name: string; minAttempts?: number },
): Promise<TripStep> {
  return await waitUntil(
    async () => {
      const { steps } = await clients.operations.getTripProgress({ tripId: rider.tripId });
      const step = steps.find((one) => one.name === name);
      if (step === undefined || step.attempts < (wanted.minAttempts ?? 0)) return false;
      return (wanted.state === undefined || step.state === wanted.state) && step;
    },
    { what: `${name} of trip ${rider.tripId}`, intervalMs: 20, timeoutMs: 240_000 },
  );
}
