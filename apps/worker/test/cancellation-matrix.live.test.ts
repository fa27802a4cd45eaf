import {
  type CancelArgument,
  type CancelUpdateResult,
  compensationSuffix,
  steps,
  updates,
} from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { createGate, type FakeTrip, type Gate, sumCharges } from "./fake-services.ts";
import { catchRefusal, openTripLab, type TestTrip, type TripLab } from "./trip-lab.ts";

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
 * When the cancellation comes: `before` the service does what the step asks of it, `during` it, when
 * that is done and the reply is on its way, or `after` it, when nothing that follows has begun.
 */
const moments = ["before", "during", "after"] as const;
type Moment = (typeof moments)[number];

/** Who asks: the rider by CancelTrip, whose update this is, or somebody of Temporal itself. */
const askers = ["rider", "temporal"] as const;
type Asker = (typeof askers)[number];

const places = inOrder.flatMap((step) =>
  moments.flatMap((moment) => askers.map((asker) => ({ step, moment, asker }))),
);
const isBeforePivot = ({ step }: { step: Step }) => inOrder.indexOf(step) < pivot;

/** halt takes a trip to the place and holds it there until the gate is opened. */
async function halt(step: Step, moment: Moment): Promise<{ trip: TestTrip; gate: Gate }> {
  const gate = createGate();
  const after = inOrder.slice(inOrder.indexOf(step) + 1);
  const script =
    moment === "after"
      ? Object.fromEntries(after.map((later) => [later, { before: gate.pass }]))
      : { [step]: { [moment === "before" ? "before" : "after"]: gate.pass } };
  const trip = lab.begin(script);
  if (inOrder.indexOf(step) >= pivot) {
    await trip.started;
    trip.end().catch(() => undefined);
  }
  if (moment === "after") await eventually(() => happened(trip, step));
  else await gate.reached;
  return { trip, gate };
}

async function happened(trip: TestTrip, step: Step): Promise<void> {
  const { steps: known } = await trip.progress();
  // The drive is over only when its rider ends it: it has begun, which is what it asks of a service.
  if (step === steps.drive) expect((await trip.attributes()).status).toBe("ACTIVE");
  else expect(known.find(({ name }) => name === step)?.state).toBe("done");
}

function nothingIsLeft(fake: FakeTrip): void {
  expect(fake.vehicle).toBeUndefined();
  expect(fake.tab?.state).not.toBe("open");
  expect(sumCharges(fake)).toBe(0);
  expect(fake.statuses.at(-1)).toBe("CANCELLED");
  expect(fake.published).toEqual([]);
}

/** compensated are the steps whose compensations were called, in that order. */
function compensated({ calls }: FakeTrip): string[] {
  const compensations = new Set(["cancelTripRecord", "releaseVehicle", "voidTab", "refund"]);
  return calls
    .map((call) => call.split(" "))
    .flatMap(([name = "", step = ""]) => (compensations.has(name) ? [step] : []));
}

/** endOf is how the workflow ended, and with what. */
async function endOf(trip: TestTrip) {
  const ended = await trip.outcome().catch((error: Error) => error.message);
  const { status } = await trip.handle.describe();
  return { status: status.name, ended };
}

/** How a trip that is compensated ends: as business for the rider, Canceled where Temporal was asked. */
const ends = {
  rider: { status: "COMPLETED", ended: { status: "CANCELLED", reason: "changed my mind" } },
  temporal: { status: "CANCELLED", ended: "Workflow execution cancelled" },
} as const;

/** What the rider hears of a trip that is compensated, for whoever asked first. */
const describeCompensation = {
  rider: { status: "CANCELLED", reason: "changed my mind" },
  temporal: { status: "CANCELLED", reason: "cancelled in Temporal" },
} as const;

/** ask resolves once the workflow knows; its answer, which only a rider gets, may come later. */
async function ask(asker: Asker, { handle }: TestTrip): Promise<{ answer: Promise<unknown> }> {
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

/** refusal is why the rider's cancellation is refused; Temporal takes one without a word. */
async function refusal(asker: Asker, trip: TestTrip): Promise<string> {
  if (asker === "rider") return await catchRefusal(trip.cancel("too late")).catch(String);
  await trip.handle.cancel();
  return "none";
}

describe.concurrent("a cancellation before the pivot compensates everything", () => {
  it.for(places.filter(isBeforePivot))("$moment $step, asked by $asker", async (place) => {
    const { step, moment, asker } = place;
    const { trip, gate } = await halt(step, moment);
    const { answer } = await ask(asker, trip);
    expect(await answer).toEqual(asker === "rider" ? describeCompensation.rider : undefined);
    expect(await endOf(trip)).toEqual(ends[asker]);
    nothingIsLeft(trip.fake);
    const begun = inOrder.slice(0, inOrder.indexOf(step) + 1);
    const next = moment === "after" ? inOrder.slice(begun.length, begun.length + 1) : [];
    const compensatable = [...begun, ...next].filter((name) => isBeforePivot({ step: name }));
    expect(compensated(trip.fake)).toEqual(
      compensatable.filter((name) => name !== steps.drive).toReversed(),
    );

    // What was on its way arrives late, and is refused.
    gate.open();
    await eventually(() => expect(trip.fake.running).toBe(0));
    nothingIsLeft(trip.fake);
  });
});

describe.concurrent("a cancellation from the pivot on changes nothing", () => {
  it.for(places.filter((place) => !isBeforePivot(place)))(
    "$moment $step, asked by $asker",
    async ({ step, moment, asker }) => {
      const { trip, gate } = await halt(step, moment);
      const over = step === steps.publish && moment === "after";
      // Of a trip that is over the workflow says nothing any more: the registry does.
      if (over) await trip.outcome();
      const why = over ? "already completed" : "RefusedUpdate: the drive has ended";
      expect(await refusal(asker, trip)).toContain(asker === "rider" ? why : "none");
      gate.open();
      expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
      expect((await trip.handle.describe()).status.name).toBe("COMPLETED");
      expect(trip.fake.statuses).toEqual(["PENDING", "ACTIVE", "ENDED", "SETTLED"]);
      expect(trip.fake.vehicle).toBeUndefined();
      expect(trip.fake.tab?.state).toBe("captured");
      expect(sumCharges(trip.fake)).toBe(130);
      expect(trip.fake.published).toHaveLength(1);
      // Not as a compensation, and as often as it was tried.
      expect(new Set(compensated(trip.fake))).toEqual(new Set([steps.releaseVehicle]));
    },
  );
});

const compensatable = inOrder.slice(0, inOrder.indexOf(steps.drive));
const compensationPlaces = compensatable.flatMap((step) =>
  (["before", "after"] as const).flatMap((moment) =>
    askers.flatMap((first) => askers.map((second) => ({ step, moment, first, second }))),
  ),
);

describe.concurrent("a cancellation during a compensation joins it", () => {
  it.for(compensationPlaces)(
    "$moment the service compensates $step, for $first, asked by $second",
    async ({ step, moment, first, second }) => {
      const gate = createGate();
      const trip = lab.begin({ [`${step}${compensationSuffix}`]: { [moment]: gate.pass } });
      await trip.started;
      const one = await ask(first, trip);
      await gate.reached;
      const other = await ask(second, trip);
      gate.open();
      const heard = (asker: Asker) => (asker === "rider" ? describeCompensation[first] : undefined);
      expect(await one.answer).toEqual(heard(first));
      expect(await other.answer).toEqual(heard(second));
      expect(await endOf(trip)).toEqual(ends[first]);
      nothingIsLeft(trip.fake);
      expect(compensated(trip.fake)).toEqual(compensatable.toReversed());
    },
  );
});
