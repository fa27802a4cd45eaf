import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "@fanfare/dev-stack";
import {
  type CancelArgument,
  type CancelUpdateResult,
  compensationSuffix,
  steps,
  updates,
} from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { createGate, failTimes, type Gate, type Script, sumCharges } from "./fake-services.ts";
import type { FakeTrip } from "./fake-trip.ts";
import { catchUpdateRefusal, openTripLab, type TestTrip, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000, maxConcurrency: 20 });

let lab: TripLab;
beforeAll(async () => {
  lab = await openTripLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

type Step = (typeof steps)[keyof typeof steps];
const inOrder: readonly Step[] = Object.values(steps);
const pivot = inOrder.indexOf(steps.completeDrive);

/**
 * When the cancellation arrives: `before` the effect of the step, `during` the step, after its effect and
 * before its reply, or `after` the step, before the next one.
 */
const moments = ["before", "during", "after"] as const;
type Moment = (typeof moments)[number];

/** Who cancels: the rider with the update, or an operator of Temporal. */
const askers = ["rider", "temporal"] as const;
type Asker = (typeof askers)[number];

/** Selects the long form, in which another call fails beside each cancellation, which comes at any time. */
const seed = process.env["FANFARE_MATRIX_SEED"];
const random = createRandom(Number(seed ?? 0));
const draw = (below: number) => Math.floor(random() * below);
const suffix = seed === undefined ? "" : `, seed ${seed}`;

/** In the long form, leaves out what a call that failed or timed out has done again. */
const omitRepeated = (made: readonly string[]) =>
  seed === undefined ? made : made.filter((one, index) => one !== made[index - 1]);

/** What the seed adds to a cancellation. */
interface Beside {
  readonly afterMs: number;
  readonly script: Script;
}

/** Draws another step whose first calls fail, before their effect or after it, and a delay. */
function drawBeside(step: Step): Beside {
  if (seed === undefined) return { afterMs: 0, script: {} };
  const others = inOrder.filter((other) => other !== step && other !== steps.publish);
  const other = others[draw(others.length)] ?? steps.openTab;
  const where = draw(2) === 0 ? "before" : "after";
  return { afterMs: draw(5_000), script: { [other]: { [where]: failTimes(1 + draw(3)) } } };
}

const places = inOrder.flatMap((step) =>
  moments.flatMap((moment) =>
    askers.map((asker) => ({ step, moment, asker, beside: drawBeside(step) })),
  ),
);
const compensatable = inOrder.slice(0, inOrder.indexOf(steps.drive));
const isBeforePivot = ({ step }: { step: Step }) => inOrder.indexOf(step) < pivot;

/** Runs a trip to a place and holds it there until the gate is opened. */
async function holdTrip({
  step,
  moment,
  beside,
}: {
  readonly step: Step;
  readonly moment: Moment;
  readonly beside: Beside;
}): Promise<{ trip: TestTrip; gate: Gate }> {
  const gate = createGate();
  const after = inOrder.slice(inOrder.indexOf(step) + 1);
  const script =
    moment === "after"
      ? Object.fromEntries(after.map((later) => [later, { before: gate.pass }]))
      : { [step]: { [moment === "before" ? "before" : "after"]: gate.pass } };
  const trip = lab.begin({ ...beside.script, ...script });
  if (inOrder.indexOf(step) >= pivot) {
    await trip.started;
    trip.end().catch(() => undefined);
  }
  if (moment === "after") await eventually(() => expectDone(trip, step));
  else await gate.reached;
  if (beside.afterMs > 0) await sleep(beside.afterMs);
  return { trip, gate };
}

async function expectDone(trip: TestTrip, step: Step): Promise<void> {
  const { steps: known } = await trip.progress();
  // The drive lasts until the rider ends it: its effect is that the trip is ACTIVE.
  if (step === steps.drive) expect((await trip.attributes()).status).toBe("ACTIVE");
  else expect(known.find(({ name }) => name === step)?.state).toBe("done");
}

function expectNothingLeft(fake: FakeTrip): void {
  expect(fake.vehicle).toBeUndefined();
  expect(fake.tab?.state).not.toBe("open");
  expect(sumCharges(fake)).toBe(0);
  expect(fake.statuses.at(-1)).toBe("CANCELLED");
  expect(fake.published).toEqual([]);
}

/** Lists the steps whose compensations were called, in their order. */
function listCompensated({ calls }: FakeTrip): string[] {
  const compensations = new Set(["cancelTripRecord", "releaseVehicle", "voidTab", "refund"]);
  return calls
    .map((call) => call.split(" "))
    .flatMap(([name = "", step = ""]) => (compensations.has(name) ? [step] : []));
}

/** Reads the status and the outcome of the workflow. */
async function readEnd(trip: TestTrip) {
  const ended = await trip.outcome().catch((error: Error) => error.message);
  const { status } = await trip.handle.describe();
  return { status: status.name, ended };
}

/** How the workflow of a compensated trip ends: completed for the rider, Canceled for Temporal. */
const ends = {
  rider: { status: "COMPLETED", ended: { status: "CANCELLED", reason: "changed my mind" } },
  temporal: { status: "CANCELLED", ended: "Workflow execution cancelled" },
} as const;

/** The result of the update for a compensated trip, by who cancelled first. */
const cancelResults = {
  rider: { status: "CANCELLED", reason: "changed my mind" },
  temporal: { status: "CANCELLED", reason: "cancelled in Temporal" },
} as const;

/** Cancels. Resolves when the workflow has accepted it; the result of a rider's update comes later. */
async function cancelAs(asker: Asker, { handle }: TestTrip): Promise<{ answer: Promise<unknown> }> {
  if (asker === "temporal") {
    await handle.cancel();
    return { answer: Promise.resolve(undefined) };
  }
  const update = await handle.startUpdate<CancelUpdateResult, [CancelArgument]>(updates.cancel, {
    updateId: updates.cancel,
    waitForStage: "ACCEPTED",
    args: [{ reason: "changed my mind" }],
  });
  return { answer: update.result() };
}

/** Cancels and returns the refusal of a rider. Temporal never refuses. */
async function cancelTooLate(asker: Asker, trip: TestTrip): Promise<string> {
  if (asker === "rider") return await catchUpdateRefusal(trip.cancel("too late")).catch(String);
  await trip.handle.cancel();
  return "none";
}

describe.concurrent(`a cancellation before the pivot compensates everything${suffix}`, () => {
  it.for(places.filter(isBeforePivot))("$moment $step, by $asker", async (place) => {
    const { asker } = place;
    const { trip, gate } = await holdTrip(place);
    const { answer } = await cancelAs(asker, trip);
    expect(await answer).toEqual(asker === "rider" ? cancelResults.rider : undefined);
    expect(await readEnd(trip)).toEqual(ends[asker]);
    expectNothingLeft(trip.fake);
    // Also the steps that did not begin: a lost workflow task may have made them.
    expect(omitRepeated(listCompensated(trip.fake))).toEqual(compensatable.toReversed());

    // The held calls arrive late and are refused.
    gate.open();
    await eventually(() => expect(trip.fake.running).toBe(0));
    expectNothingLeft(trip.fake);
  });
});

describe.concurrent(`a cancellation from the pivot on changes nothing${suffix}`, () => {
  it.for(places.filter((place) => !isBeforePivot(place)))(
    "$moment $step, by $asker",
    async (place) => {
      const { step, moment, asker } = place;
      const { trip, gate } = await holdTrip(place);
      const over = step === steps.publish && moment === "after";
      // A workflow that has ended refuses updates.
      if (over) await trip.outcome();
      const why = over ? "already completed" : "RefusedUpdate: the drive has ended";
      expect(await cancelTooLate(asker, trip)).toContain(asker === "rider" ? why : "none");
      gate.open();
      expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
      expect((await trip.handle.describe()).status.name).toBe("COMPLETED");
      expect(omitRepeated(trip.fake.statuses)).toEqual(["PENDING", "ACTIVE", "ENDED", "SETTLED"]);
      expect(trip.fake.vehicle).toBeUndefined();
      expect(trip.fake.tab?.state).toBe("captured");
      expect(sumCharges(trip.fake)).toBe(130);
      expect(trip.fake.published).toHaveLength(1);
      expect(listCompensated(trip.fake)).toEqual([]);
    },
  );
});

const compensationPlaces = compensatable.flatMap((step) =>
  (["before", "after"] as const).flatMap((moment) =>
    askers.flatMap((first) =>
      askers.map((second) => ({ step, moment, first, second, beside: drawBeside(step) })),
    ),
  ),
);

describe.concurrent(`a cancellation during a compensation joins it${suffix}`, () => {
  it.for(compensationPlaces)(
    "$moment the compensation of $step, for $first, by $second",
    async ({ step, moment, first, second, beside }) => {
      const gate = createGate();
      const held = { [`${step}${compensationSuffix}`]: { [moment]: gate.pass } };
      const trip = lab.begin({ ...beside.script, ...held });
      await trip.started;
      const one = await cancelAs(first, trip);
      await gate.reached;
      if (beside.afterMs > 0) await sleep(beside.afterMs);
      const other = await cancelAs(second, trip);
      gate.open();
      const expected = (asker: Asker) => (asker === "rider" ? cancelResults[first] : undefined);
      expect(await one.answer).toEqual(expected(first));
      expect(await other.answer).toEqual(expected(second));
      expect(await readEnd(trip)).toEqual(ends[first]);
      expectNothingLeft(trip.fake);
      expect(omitRepeated(listCompensated(trip.fake))).toEqual(compensatable.toReversed());
    },
  );
});
