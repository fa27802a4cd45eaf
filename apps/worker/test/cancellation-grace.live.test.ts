import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { failTimes, sumCharges } from "./fake-services.ts";
import type { FakeTrip } from "./fake-trip.ts";
import { createShortTariff } from "./tariffs.ts";
import { catchUpdateRefusal, openTripLab, type TestTrip, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let lab: TripLab;
beforeAll(async () => {
  lab = await openTripLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** Starts a drive with a grace of 200 ms. */
const beginShortGrace = async (prepare: (fake: FakeTrip) => void = () => undefined) => {
  const tripId = randomUUID();
  prepare(lab.services.trip(tripId));
  const trip = lab.begin({}, { tripId, tariff: createShortTariff({ graceMs: 200 }) });
  await trip.started;
  return trip;
};
const waitForGrace = (trip: TestTrip) => eventually(() => expect(trip.fake.graceOver).toBe(true));

describe("the cancellation grace", () => {
  it("compensates a cancellation that was recorded within it, however late it is delivered", async () => {
    const trip = await beginShortGrace((fake) => void (fake.cancelRequested = true));
    expect(await trip.outcome()).toEqual({ status: "CANCELLED", reason: "changed my mind" });
    expect(sumCharges(trip.fake)).toBe(0);
    expect(trip.fake.vehicle).toBeUndefined();
    expect(trip.fake.statuses).not.toContain("ENDED");
  });

  it("lasts as long as the registry states, whatever the clock of the workflow", async () => {
    const trip = await beginShortGrace((fake) => void (fake.graceLeftMs = [50, 150]));
    await waitForGrace(trip);
    expect(trip.fake.calls.filter((call) => call.startsWith("endGrace"))).toHaveLength(3);
    await trip.end();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });

  it("is followed by the pivot: a cancellation is refused while the drive continues", async () => {
    const trip = await beginShortGrace();
    await waitForGrace(trip);
    await eventually(async () => expect((await trip.progress()).pivoted).toBe(true));
    expect(await catchUpdateRefusal(trip.cancel("rain"))).toBe(
      "RefusedUpdate: the cancellation grace is over: end the trip instead",
    );
    expect(trip.fake.statuses.at(-1)).toBe("ACTIVE");
    await trip.end();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });

  it("is followed by the pivot: a cancellation in Temporal ends the drive, which is settled", async () => {
    const trip = await beginShortGrace();
    await waitForGrace(trip);
    await trip.handle.cancel();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    expect((await trip.handle.describe()).status.name).toBe("COMPLETED");
    const { endedAt } = trip.fake.published[0] ?? {};
    expect(endedAt).toBe(trip.fake.endRequestedAt);
  });

  it("ends with the request to end the drive, whichever is first", async () => {
    const trip = lab.begin();
    await trip.started;
    await trip.end();
    expect(trip.fake.calls.join()).not.toContain("endGrace");
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });
});

describe("a trip that is ACTIVE although the answer of its activation is lost", () => {
  it("continues its drive after the timeout of the step", async () => {
    const trip = lab.begin(
      { activateTrip: { after: failTimes(1_000, "the reply was lost") } },
      { timings: { stepTimeoutMs: 2_000 } },
    );
    expect(await trip.started).toEqual({ status: "ACTIVE", startedAt: trip.fake.startedAt });
    await trip.end();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });

  it("is compensated when it is not ACTIVE", async () => {
    const trip = lab.begin(
      { activateTrip: { before: failTimes(1_000, "unreachable") } },
      { timings: { stepTimeoutMs: 1_000 } },
    );
    const refusal = { code: "aborted", step: "drive" };
    expect(await trip.started).toMatchObject({ status: "CANCELLED", refusal });
    expect(sumCharges(trip.fake)).toBe(0);
    expect(trip.fake.vehicle).toBeUndefined();
  });
});

describe("the update `end`", () => {
  it("is refused for a time before the start", async () => {
    const trip = lab.begin();
    await trip.started;
    const requestedAt = new Date(Date.parse(trip.fake.startedAt ?? "") - 1).toISOString();
    expect(await catchUpdateRefusal(trip.end({ requestedAt, updateId: "early" }))).toMatch(
      /^RefusedUpdate: the drive began at .*: it cannot end at .*, before that$/,
    );
    await trip.end();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });
});
