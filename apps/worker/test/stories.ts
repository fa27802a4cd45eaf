import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "@fanfare/dev-stack";
import { steps } from "@fanfare/trip-contract";
import { createGate, failTimes, refuse, type Script } from "./fake-services.ts";
import type { FakeTrip } from "./fake-trip.ts";
import { findRun, resetRun } from "./reset-workflow.ts";
import { createShortTariff } from "./tariffs.ts";
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

/** Starts the second workflow of a trip, whose first was terminated. `startedAt` is the start of its drive. */
function recover(lab: TripLab, startedAt?: string): TestTrip {
  const tripId = randomUUID();
  if (startedAt !== undefined) lab.services.trip(tripId).startedAt = startedAt;
  const recovery = { reason: "its workflow was terminated", versionFloor: 1_000_000 };
  return lab.begin({}, { tripId, recovery });
}

/** Starts a drive with a grace of 300 ms. */
async function startShortGrace(lab: TripLab, prepare: (fake: FakeTrip) => void): Promise<TestTrip> {
  const tripId = randomUUID();
  prepare(lab.services.trip(tripId));
  const trip = lab.begin({}, { tripId, tariff: createShortTariff({ graceMs: 300 }) });
  await trip.started;
  return trip;
}

const waitForGrace = (trip: TestTrip) =>
  waitUntil(() => trip.fake.graceOver === true, {
    what: "the end of the grace",
    timeoutMs: 60_000,
    intervalMs: 20,
  });

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
    const trip = lab.begin({}, { tariff: createShortTariff({ maximumDriveMs: 500 }) });
    await trip.started;
    await trip.outcome();
    return trip;
  },

  async "ended-after-its-grace"(lab) {
    const trip = await startShortGrace(lab, (fake) => void (fake.graceLeftMs = [50]));
    await waitForGrace(trip);
    return await endDrive(trip);
  },

  /** The registry has a cancellation that no update has delivered. */
  async "cancelled-at-the-end-of-its-grace"(lab) {
    const trip = await startShortGrace(lab, (fake) => void (fake.cancelRequested = true));
    await trip.outcome();
    return trip;
  },

  async "cancelled-in-temporal-after-its-grace"(lab) {
    const trip = await startShortGrace(lab, () => undefined);
    await waitForGrace(trip);
    await trip.handle.cancel();
    await trip.outcome();
    return trip;
  },

  async "recovered-and-compensated"(lab) {
    const trip = recover(lab);
    await trip.started;
    await trip.outcome();
    return trip;
  },

  async "recovered-and-resumed"(lab) {
    const trip = recover(lab, new Date().toISOString());
    await trip.started;
    return await endDrive(trip);
  },

  /** Goes by the registry, which has the end, instead of waiting for it. */
  "reset-to-its-first-task": (lab) => playAndReset(lab, 0),

  "reset-in-its-drive": (lab) => playAndReset(lab, 1),

  delayed: async (lab) => endDrive(await startDrive(lab, { captureTab: { before: failTimes(3) } })),

  "broadcast-delayed": async (lab) =>
    endDrive(await startDrive(lab, { publishTripCompleted: { before: failTimes(4) } })),
};
