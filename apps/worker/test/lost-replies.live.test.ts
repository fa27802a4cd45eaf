import { compensationSuffix, steps } from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { delaying, type Fault, losing, losingRequest, twice, unheard } from "./faults.ts";
import { active, beginTrip, type RealTrip } from "./real-trip.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000, maxConcurrency: 20 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const inOrder: readonly string[] = Object.values(steps);
const compensatable = inOrder.slice(0, inOrder.indexOf(steps.drive));

const faults: Readonly<Record<string, Fault>> = {
  "loses the reply, twice": losing(2),
  "delays the reply past the deadline": delaying(1),
  "delivers the request twice": twice,
  "loses the request, which arrives when all is over": losingRequest(1),
};
const forwardCases = [
  ...inOrder
    .filter((step) => step !== steps.publish)
    .flatMap((step) => Object.keys(faults).map((fault) => ({ step, fault }))),
  { step: steps.publish, fault: "loses the receipt" },
  { step: steps.publish, fault: "delivers the request twice" },
];
const compensationCases = compensatable.flatMap((step) =>
  Object.keys(faults).map((fault) => ({ step, fault })),
);

function faultNamed(name: string): Fault {
  return faults[name] ?? unheard(2);
}

/** Everything once more, when all is over and somebody else has the vehicle: nothing may change. */
async function redelivered(trip: RealTrip): Promise<Readonly<Record<string, string>>> {
  await lab.books.holdVehicle(trip.vehicleId);
  const before = await trip.account();
  const refusals = await trip.redeliver();
  expect(await trip.account()).toEqual(before);
  expect(await lab.books.holderOf(trip.vehicleId)).toBe("somebody else");
  return refusals;
}

describe.concurrent("a trip settles, each thing charged once, when the network", () => {
  it.for(forwardCases)("$fault of $step", async ({ step, fault }) => {
    const trip = await beginTrip(lab, { faults: { [step]: faultNamed(fault) } });
    expect(await trip.started).toBeUndefined();
    await trip.end();
    await trip.isSettled();
    await redelivered(trip);
  });
});

describe.concurrent("a trip is compensated, and late copies are refused, when the network", () => {
  it.for(compensationCases)("$fault of the compensation of $step", async ({ step, fault }) => {
    const trip = await beginTrip(lab, {
      faults: { [`${step}${compensationSuffix}`]: faultNamed(fault) },
    });
    await active(trip);
    await trip.cancel();
    await trip.isCompensated();
    expect(Object.keys(await redelivered(trip))).toEqual(
      expect.arrayContaining([...compensatable, steps.drive]),
    );
  });

  it.for([...compensatable, steps.drive])("loses every reply of %s", async (step) => {
    const trip = await beginTrip(lab, { rider: "hasty", faults: { [step]: losing(1_000) } });
    expect(await trip.started).toContain(`${step} did not succeed by its deadline`);
    await trip.isCompensated();
    expect(Object.keys(await redelivered(trip))).toContain(step);
  });

  it.for([...compensatable, steps.drive])(
    "loses every request of %s, until all is over",
    async (step) => {
      const trip = await beginTrip(lab, {
        rider: "hasty",
        faults: { [step]: losingRequest(1_000) },
      });
      expect(await trip.started).toContain(`${step} did not succeed by its deadline`);
      await trip.isCompensated();
      expect(Object.keys(await redelivered(trip))).toContain(step);
    },
  );
});
