import { createTripWorkflowId } from "@fanfare/trip-contract";
import { WorkflowNotFoundError } from "@temporalio/client";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";
import { createGate, type Gate } from "./fake-services.ts";
import { type Fault, holdAt } from "./faults.ts";
import { beginTrip, type RealTrip, waitUntilActive } from "./real-trip.ts";
import type { ServiceLab } from "./service-lab.ts";

/** Returns the moments before and after the effect of each step. */
export const listPlaces = (names: readonly string[]) =>
  names.flatMap((step) => (["before", "after"] as const).map((moment) => ({ step, moment })));

/** Starts a trip, and returns its first answer. */
export const start = ({ started }: RealTrip) => started;

/** Cancels a trip once it is ACTIVE. */
export const cancel = async (trip: RealTrip) => await (await waitUntilActive(trip)).cancel();

/** Ends a trip once it is ACTIVE. */
export const end = async (trip: RealTrip) => await (await waitUntilActive(trip)).end();

/** Waits until a step of the trip is parked. */
export async function waitUntilParked(trip: RealTrip): Promise<void> {
  await eventually(async () => expect((await trip.readAccount()).status).toBe("NEEDS_ATTENTION"));
}

/** Reads the account before and after all calls are delivered again. */
async function redeliverAll(trip: RealTrip) {
  const before = await trip.readAccount();
  await trip.redeliver();
  return { before, after: await trip.readAccount() };
}

/** Waits until the trip is compensated, delivers all calls again, and returns the unchanged account. */
export async function waitUntilCompensated(trip: RealTrip) {
  await trip.expectCompensated();
  const { before, after } = await redeliverAll(trip);
  expect(after).toEqual(before);
  return after;
}

/** Waits until the trip is settled, delivers all calls again, and returns the unchanged account. */
export async function waitUntilSettled(trip: RealTrip) {
  await trip.expectSettled();
  const { before, after } = await redeliverAll(trip);
  expect(after).toEqual(before);
  return after;
}

/** Breaks trips off in a lab that `getLab` returns once it is open. */
export function createBrokenOffTrips(getLab: () => ServiceLab) {
  /** Returns the status of the latest workflow of a trip. */
  const readStatus = async ({ tripId }: RealTrip) =>
    (await getLab().workflow(tripId).describe()).status.name;

  /** Runs a trip until the call of an activity is held, before it or before its reply. */
  async function holdTrip(
    activityId: string,
    { moment, go }: { moment: "before" | "after"; go: (trip: RealTrip) => Promise<unknown> },
  ): Promise<{ trip: RealTrip; gate: Gate }> {
    const gate = createGate();
    let reached = false;
    void gate.reached.then(() => (reached = true));
    // Only the first attempt is held: it can time out.
    const once: Fault = (send, attempt) => (reached ? send() : holdAt(gate, moment)(send, attempt));
    const trip = await beginTrip(getLab(), { faults: { [activityId]: once } });
    const going = go(trip);
    // Once the gate is reached, the test decides what happens to the trip.
    await Promise.race([gate.reached, going.then(() => gate.reached)]);
    going.catch(() => undefined);
    return { trip, gate };
  }

  /** Terminates the workflow and releases its held calls. */
  async function terminate(trip: RealTrip, gate?: Gate): Promise<void> {
    await getLab().workflow(trip.tripId).terminate("the test ends it");
    gate?.open();
  }

  /** Waits until another workflow of the trip runs. */
  async function waitUntilResumed(trip: RealTrip): Promise<void> {
    await eventually(async () => expect(await readStatus(trip)).toBe("RUNNING"));
    expect((await trip.readAccount()).status).toBe("ACTIVE");
  }

  /** Deletes the trip's workflow, as `temporal workflow delete` does, and waits until it is gone. */
  async function deleteWorkflow({ tripId }: RealTrip): Promise<void> {
    const { workflowService, options } = getLab().temporal;
    const { namespace } = options;
    const workflowExecution = { workflowId: createTripWorkflowId(tripId) };
    await workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
    await eventually(() =>
      expect(getLab().workflow(tripId).describe()).rejects.toBeInstanceOf(WorkflowNotFoundError),
    );
  }

  return { deleteWorkflow, holdTrip, readStatus, terminate, waitUntilResumed };
}
