import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "@fanfare/dev-stack";
import { steps } from "@fanfare/trip-contract";
import { createGate, failTimes, refuse, type Script } from "./fake-services.ts";
import { findRun, resetRun } from "./reset-workflow.ts";
import type { TestTrip, TripLab } from "./trip-lab.ts";

/** Plays one path of a trip to its end. */
export type Story = (lab: TripLab) => Promise<TestTrip>;

async function startDrive(lab: TripLab, script: Script = {}): Promise<TestTrip> {
  const timings = { delayedAfterMs: 200, broadcastDelayedAfterMs: 200, stepTimeoutMs: 1_000 };
  const trip = lab.begin(script, { timings });
  await trip.started;
  return trip;
}

async function endDrive(trip: TestTrip): Promise<TestTrip> {
  await trip.end();
  await trip.outcome();
  return trip;
}

const inOrder = Object.values(steps);
const beforePivot = inOrder.slice(0, inOrder.indexOf(steps.completeDrive));

/** Cancels a trip after the effect of a step, before its reply. */
function cancelAt(step: string): Story {
  return async (lab) => {
    const gate = createGate();
    const trip = lab.begin({ [step]: { after: gate.pass } });
    await gate.reached;
    await trip.cancel("changed my mind");
    gate.open();
    return trip;
  };
}

/** Plays a trip whose previous workflow was terminated. `startedAt` is the start of its drive. */
async function recover(lab: TripLab, script: Script, startedAt?: string): Promise<TestTrip> {
  const tripId = randomUUID();
  if (startedAt !== undefined) lab.services.trip(tripId).startedAt = startedAt;
  const recovery = { reason: "its workflow was terminated", versionFloor: 1_000_000 };
  const trip = lab.begin(script, { tripId, recovery });
  await trip.started;
  await trip.outcome();
  return trip;
}

/** Resets the workflow of a settled trip to one of its tasks, without the update that ended its drive. */
async function playAndReset(lab: TripLab, task: number): Promise<TestTrip> {
  const trip = await endDrive(await startDrive(lab));
  const run = await findRun(lab.client, trip.tripId);
  const point = run.points[task];
  if (point === undefined) throw new Error(`expected a workflow task ${task}, got fewer`);
  await resetRun(lab.client, run, { point, reapply: "nothing reapplied" });
  await trip.outcome();
  return trip;
}

/** The paths whose histories are recorded. */
export const stories: Readonly<Record<string, Story>> = {
  completed: async (lab) => endDrive(await startDrive(lab)),

  declined: (lab) => startDrive(lab, { openTab: { before: refuse("the card was declined") } }),

  "lost-reply": (lab) => startDrive(lab, { openTab: { after: failTimes(1_000) } }),

  async cancelled(lab) {
    const trip = await startDrive(lab);
    await trip.cancel("changed my mind");
    return trip;
  },

  ...Object.fromEntries(
    beforePivot.map((step) => [`cancelled-at-${step}`, cancelAt(step)] as const),
  ),

  async "cancelled-before-drive"(lab) {
    const gate = createGate();
    const trip = lab.begin({ openTab: { before: gate.pass } });
    await gate.reached;
    await trip.cancel("changed my mind");
    gate.open();
    return trip;
  },

  async "cancelled-in-temporal"(lab) {
    const trip = await startDrive(lab);
    await trip.handle.cancel();
    await trip.outcome().catch(() => undefined);
    return trip;
  },

  async "parked-and-retried"(lab) {
    const trip = await startDrive(lab, { voidTab: { before: refuse("the tab is locked") } });
    await trip.cancel("changed my mind");
    lab.services.script(trip.tripId, {});
    await trip.retry();
    await trip.outcome();
    return trip;
  },

  async "parked-and-resolved"(lab) {
    const gate = createGate();
    const declined = refuse("insufficient funds");
    const trip = await startDrive(lab, {
      captureTab: { before: declined },
      parkTrip: { after: gate.pass },
    });
    await trip.end();
    await gate.reached;
    await trip.resolve("written off");
    gate.open();
    await trip.outcome();
    return trip;
  },

  async "parked-compensation-resolved"(lab) {
    const trip = await startDrive(lab, { voidTab: { before: refuse("the tab is locked") } });
    await trip.cancel("changed my mind");
    await trip.resolve("released by hand");
    await trip.outcome();
    return trip;
  },

  async "parked-capture-retried"(lab) {
    const trip = await startDrive(lab, { captureTab: { before: refuse("insufficient funds") } });
    await trip.end();
    await waitUntil(async () => (await trip.attributes()).attention === steps.capture, {
      what: "the capture to be parked",
      timeoutMs: 60_000,
    });
    lab.services.script(trip.tripId, {});
    await trip.retry();
    await trip.outcome();
    return trip;
  },

  /** Each call takes so long that Temporal splits the workflow tasks of local activities. */
  "slow-answers": async (lab) => {
    const slow = { before: () => sleep(1_600) };
    const trip = lab.begin(Object.fromEntries(inOrder.map((step) => [step, slow])));
    await trip.started;
    return await endDrive(trip);
  },

  async "longest-drive"(lab) {
    const trip = lab.begin({}, { timings: { maximumDriveMs: 500 } });
    await trip.started;
    await trip.outcome();
    return trip;
  },

  async "longest-drive-cancelled"(lab) {
    const trip = lab.begin({}, { timings: { maximumDriveMs: 500 } });
    trip.fake.cancelRequested = true;
    await trip.started;
    await waitUntil(() => trip.fake.calls.includes("limitDrive limit-drive"), {
      what: "the maximum of the drive",
      timeoutMs: 60_000,
    });
    await trip.cancel("changed my mind");
    return trip;
  },

  "recovered-and-compensated": (lab) => recover(lab, {}),

  "recovered-and-settled": (lab) =>
    recover(
      lab,
      { compensateTrip: { before: refuse("its drive has ended") } },
      new Date().toISOString(),
    ),

  /** Goes by the registry, which has the end, instead of waiting for it. */
  "reset-to-its-first-task": (lab) => playAndReset(lab, 0),

  "reset-in-its-drive": (lab) => playAndReset(lab, 1),

  delayed: async (lab) => endDrive(await startDrive(lab, { captureTab: { before: failTimes(3) } })),

  "broadcast-delayed": async (lab) =>
    endDrive(await startDrive(lab, { publishTripCompleted: { before: failTimes(4) } })),
};
