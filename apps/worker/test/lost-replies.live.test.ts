import { createRandom } from "@fanfare/dev-stack";
import { compensationSuffix, steps } from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  delayReply,
  type Fault,
  losePublishResult,
  loseReply,
  loseRequest,
  sendTwice,
} from "./faults.ts";
import { beginTrip, type RealTrip, waitUntilActive } from "./real-trip.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000, maxConcurrency: 20 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const inOrder: readonly string[] = Object.values(steps);
const compensatable = inOrder.slice(0, inOrder.indexOf(steps.drive));

/** Selects the long form, in which the network fails at two calls of a trip, and as often as the seed says. */
const seed = process.env["FANFARE_REPLIES_SEED"];
const random = createRandom(Number(seed ?? 0));
const draw = (below: number) => Math.floor(random() * below);
const suffix = seed === undefined ? "" : `, seed ${seed}`;

const faults: Readonly<Record<string, Fault>> = {
  "loses the reply, twice": loseReply(2),
  "delays the reply until it times out": delayReply(1),
  "delivers the request twice": sendTwice,
  "loses the request, which arrives after the end": loseRequest(1),
};
/** Draws the fault of another call. Without a seed it has none. */
function drawOther(step: string): Readonly<Record<string, Fault>> {
  if (seed === undefined) return {};
  const others = inOrder.filter((other) => other !== step && other !== steps.publish);
  const kinds = [loseReply(1 + draw(4)), loseRequest(1 + draw(4)), delayReply(1), sendTwice];
  const [other, fault] = [others[draw(others.length)], kinds[draw(kinds.length)]];
  return other === undefined || fault === undefined ? {} : { [other]: fault };
}

const forwardCases = [
  ...inOrder
    .filter((step) => step !== steps.publish)
    .flatMap((step) => Object.keys(faults).map((fault) => ({ step, fault }))),
  { step: steps.publish, fault: "loses the publish result" },
  { step: steps.publish, fault: "delivers the request twice" },
].map((one) => ({ ...one, other: drawOther(one.step) }));
const compensationCases = compensatable.flatMap((step) =>
  Object.keys(faults).map((fault) => ({ step, fault, other: drawOther(step) })),
);

function findFault(name: string): Fault {
  return faults[name] ?? losePublishResult(2);
}

/** Delivers all calls again after the end, while another trip holds the vehicle, and expects no change. */
async function redeliverAll(trip: RealTrip): Promise<Readonly<Record<string, string>>> {
  const holder = await lab.books.holdVehicle(trip.vehicleId);
  const before = await trip.readAccount();
  const refusals = await trip.redeliver();
  expect(await trip.readAccount()).toEqual(before);
  expect(await lab.books.findHolder(trip.vehicleId)).toBe(holder);
  return refusals;
}

/** Expects a compensated trip whose rider learns of a fault, and operators of the step. */
async function expectTimedOut(trip: RealTrip, step: string): Promise<void> {
  expect(await trip.started).toContain("[internal] a fault on our side ended the trip");
  await trip.expectCompensated();
  const { reason } = await trip.readAccount();
  expect(reason).toContain(`${step} did not succeed within its timeout`);
}

describe.concurrent(`a trip settles with one charge of each kind${suffix}, when the network`, () => {
  it.for(forwardCases)("$fault of $step", async ({ step, fault, other }) => {
    const trip = await beginTrip(lab, { faults: { ...other, [step]: findFault(fault) } });
    expect(await trip.started).toBeUndefined();
    // StartTrip answers before a slow trip is ACTIVE.
    await waitUntilActive(trip);
    await trip.end();
    await trip.expectSettled();
    await redeliverAll(trip);
  });
});

it("a drive that is ACTIVE continues, when the network loses every reply of its activation", async () => {
  const fault = { [steps.drive]: loseReply(1_000) };
  const trip = await beginTrip(lab, { rider: "hasty", faults: fault });
  expect(await trip.started).toBeUndefined();
  await trip.end();
  await trip.expectSettled();
  await redeliverAll(trip);
});

describe.concurrent(`a trip is compensated, and late copies are refused${suffix}, when the network`, () => {
  it.for(compensationCases)("$fault of the compensation of $step", async (one) => {
    const { step, fault, other } = one;
    const trip = await beginTrip(lab, {
      faults: { ...other, [`${step}${compensationSuffix}`]: findFault(fault) },
    });
    await waitUntilActive(trip);
    await trip.cancel();
    await trip.expectCompensated();
    expect(Object.keys(await redeliverAll(trip))).toEqual(
      expect.arrayContaining([...compensatable, steps.drive]),
    );
  });

  it.for(compensatable)("loses every reply of %s", async (step) => {
    const trip = await beginTrip(lab, { rider: "hasty", faults: { [step]: loseReply(1_000) } });
    await expectTimedOut(trip, step);
    expect(Object.keys(await redeliverAll(trip))).toContain(step);
  });

  it.for([...compensatable, steps.drive])(
    "loses every request of %s until the end",
    async (step) => {
      const trip = await beginTrip(lab, {
        rider: "hasty",
        faults: { [step]: loseRequest(1_000) },
      });
      await expectTimedOut(trip, step);
      expect(Object.keys(await redeliverAll(trip))).toContain(step);
    },
  );
});
