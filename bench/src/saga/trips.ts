import { createTripWorkflowId } from "@fanfare/trip-contract";
import type { Lab } from "./lab.ts";

/** How many trips or workflows to run, and how many at a time. */
export interface Load {
  readonly count: number;
  readonly inFlight: number;
}

/** A trip, and the milliseconds until StartTrip answered. */
export interface Taken {
  readonly tripId: string;
  readonly answerMs: number;
}

/** Takes trips through the edge API, each until its workflow closes. */
export async function takeTrips(lab: Lab, load: Load): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  await runConcurrently(load, async (loop) => {
    const tripId = crypto.randomUUID();
    const rider = getRider(lab, loop);
    const began = performance.now();
    await rider.startTrip({
      tripId,
      vehicleId: lab.vehicles[loop] ?? "",
      paymentMethod: lab.paymentMethods[loop] ?? "",
    });
    taken.push({ tripId, answerMs: performance.now() - began });
    await rider.endTrip({ tripId });
    await lab.temporal.workflow.getHandle(createTripWorkflowId(tripId)).result();
  });
  return taken;
}

/** Returns the rider of a loop. */
function getRider({ riders }: Lab, loop: number): Lab["riders"][number] {
  const rider = riders[loop];
  if (rider === undefined) throw new Error(`expected ${loop + 1} riders, got ${riders.length}`);
  return rider;
}

/** Runs workflows with this many activities that do nothing, by default with plain payloads. */
export async function runBare(
  lab: Lab,
  load: Load,
  { activities, encrypted = false }: { readonly activities: number; readonly encrypted?: boolean },
): Promise<void> {
  const { workflow } = encrypted ? lab.temporal : lab.plainTemporal;
  await runConcurrently(load, async () => {
    await workflow.execute("bare", {
      taskQueue: encrypted ? "bare-encrypted" : "bare",
      workflowId: `bare/${crypto.randomUUID()}`,
      args: [activities],
    });
  });
}

/** Runs a load, and returns how much of it completes per second. */
export async function measureRate(load: Load, run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return (load.count * 1_000) / (performance.now() - began);
}

async function runConcurrently(load: Load, act: (loop: number) => Promise<void>): Promise<void> {
  let left = load.count;
  async function go(loop: number): Promise<void> {
    while (left > 0) {
      left -= 1;
      await act(loop);
    }
  }
  await Promise.all(Array.from({ length: load.inFlight }, (_, loop) => go(loop)));
}
