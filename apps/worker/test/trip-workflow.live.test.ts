import {
  type CompletedDrive,
  compensationSuffix,
  type EndArgument,
  launchTariff,
  steps,
  updates,
} from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { createGate, failTimes, refuse } from "./fake-services.ts";
import { createShortTariff } from "./tariffs.ts";
import { catchUpdateRefusal, openTripLab, type TestTrip, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let lab: TripLab;
beforeAll(async () => {
  lab = await openTripLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

describe("a trip that completes", () => {
  it("runs every step, settles, and is published once", async () => {
    const trip = lab.begin();
    const started = await trip.started;
    expect(started).toMatchObject({ status: "ACTIVE" });
    expect(trip.fake).toMatchObject({ vehicle: "vehicle-1", tab: { state: "open" } });
    expect((await trip.attributes()).status).toBe("ACTIVE");

    const ended = await trip.end();
    expect(ended.fare).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(await trip.outcome()).toEqual({
      status: "SETTLED",
      settled: { minorUnits: 130, currency: "EUR" },
    });
    expect(trip.fake.statuses).toEqual(["PENDING", "ACTIVE", "ENDED", "SETTLED"]);
    expect(trip.fake.vehicle).toBeUndefined();
    expect(trip.fake.published).toEqual([
      {
        tripId: trip.tripId,
        riderId: "rider-1",
        vehicleId: "vehicle-1",
        startedAt: started.status === "ACTIVE" ? started.startedAt : undefined,
        ...ended,
        tariffId: "launch",
        tariff: launchTariff,
        unlockFee: { minorUnits: 100, currency: "EUR" },
        settled: { minorUnits: 130, currency: "EUR" },
      },
    ]);
    expect(trip.fake.broadcasts).toMatchObject([{ state: "published" }]);
    const progress = await trip.progress();
    expect(progress.state).toBe("done");
    expect(progress.steps.every(({ state }) => state === "done")).toBe(true);
    const names = progress.steps.map(({ name }) => name);
    expect(names.toSorted()).toEqual(Object.values(steps).toSorted());
    expect(await trip.attributes()).toEqual({ status: "SETTLED" });
  });

  it("authorises the price of the longest drive", async () => {
    const trip = lab.begin(
      {},
      { tariff: createShortTariff({ maximumDriveMs: 10 * 60_000, graceMs: 60_000 }) },
    );
    await trip.started;
    expect(trip.fake.tab?.limit).toEqual({ minorUnits: 100 + 10 * 30, currency: "EUR" });
    await trip.cancel("enough");
  });

  it("ends exactly after the maximum drive", async () => {
    const trip = lab.begin({}, { tariff: createShortTariff({ maximumDriveMs: 1_000 }) });
    await trip.started;
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    const [event] = trip.fake.published;
    expect(Date.parse(event?.endedAt ?? "") - Date.parse(event?.startedAt ?? "")).toBe(1_000);
  });

  it("numbers the changes of the registry in their order", async () => {
    const trip = lab.begin();
    await trip.started;
    await trip.end();
    await trip.outcome();
    expect(trip.fake.versions).toEqual([1, 2, 3, 4, 5]);
  });
});

/** Sends the update `end` and waits until the workflow has accepted it. */
function startEnding({ handle }: TestTrip) {
  return handle.startUpdate<CompletedDrive, [EndArgument]>(updates.end, {
    waitForStage: "ACCEPTED",
    args: [{ requestedAt: new Date().toISOString() }],
  });
}

describe("the update `end`", () => {
  it("is refused before the trip is ACTIVE", async () => {
    const gate = createGate();
    const trip = lab.begin({ openTab: { before: gate.pass } });
    await gate.reached;
    expect(await catchUpdateRefusal(trip.end())).toMatch(
      /^EarlyUpdate: the trip is not ACTIVE yet/,
    );
    gate.open();
    await trip.started;
    await trip.cancel("enough");
  });

  it("is accepted once the trip may be ACTIVE in the registry, and waits until the drive begins", async () => {
    const gate = createGate();
    const trip = lab.begin({ activateTrip: { after: gate.pass } });
    await gate.reached;
    const ended = await startEnding(trip);
    expect(trip.fake.statuses).toEqual(["PENDING", "ACTIVE"]);
    gate.open();
    const { endedAt } = await ended.result();
    expect(Date.parse(endedAt)).toBeGreaterThanOrEqual(Date.parse(trip.fake.startedAt ?? ""));
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    expect(trip.fake.statuses).toEqual(["PENDING", "ACTIVE", "ENDED", "SETTLED"]);
  });

  it("is refused after its acceptance when the drive cannot begin", async () => {
    const gate = createGate();
    const trip = lab.begin({
      activateTrip: {
        before: async (attempt) => {
          await gate.pass(attempt);
          await refuse("no more trips today")(attempt);
        },
      },
    });
    await gate.reached;
    const ended = await startEnding(trip);
    gate.open();
    expect(await catchUpdateRefusal(ended.result())).toBe(
      "RefusedUpdate: the trip is cancelled: no more trips today",
    );
    expect(await trip.started).toMatchObject({ status: "CANCELLED" });
  });

  it("returns the same result for the same id and for another", async () => {
    const gate = createGate();
    const trip = lab.begin({ captureTab: { before: gate.pass } });
    await trip.started;
    const ended = await trip.end();
    expect(await trip.end()).toEqual(ended);
    expect(await trip.end({ updateId: "again" })).toEqual(ended);
    gate.open();
    await trip.outcome();
    expect(trip.fake.statuses.filter((status) => status === "ENDED")).toHaveLength(1);
  });

  it("is refused while the trip is being compensated", async () => {
    const gate = createGate();
    const trip = lab.begin({ refund: { before: gate.pass } });
    await trip.started;
    const cancelled = trip.cancel("rain");
    await gate.reached;
    expect(await catchUpdateRefusal(trip.end())).toBe("RefusedUpdate: the trip is cancelled: rain");
    gate.open();
    await cancelled;
  });
});

describe("a delayed step after the pivot", () => {
  it("is retried without end and is recorded", async () => {
    const trip = lab.begin(
      { captureTab: { before: failTimes(5) } },
      { timings: { delayedAfterMs: 200, stepTimeoutMs: 500 } },
    );
    await trip.started;
    await trip.end();
    await eventually(() => expect(trip.fake.delays).toEqual(["capture"]));
    expect((await trip.attributes()).delayed).toBe("capture");
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    expect(trip.fake.delays).toEqual(["capture", ""]);
    expect((await trip.attributes()).delayed).toBeUndefined();
  });
});

describe("the broadcast", () => {
  it("is retried, records why it is delayed, and never compensates a settled trip", async () => {
    const gate = createGate();
    const trip = lab.begin(
      {
        publishTripCompleted: {
          before: async (attempt) => {
            await failTimes(4, "no broker")(attempt);
            await gate.pass(attempt);
          },
        },
      },
      { timings: { broadcastDelayedAfterMs: 300 } },
    );
    await trip.started;
    await trip.end();
    await eventually(() =>
      expect(trip.fake.broadcasts).toEqual([{ state: "delayed", error: "no broker" }]),
    );
    expect(trip.fake.statuses.at(-1)).toBe("SETTLED");
    await eventually(async () => expect((await trip.attributes()).delayed).toBe("publish"));
    expect((await trip.attributes()).status).toBe("SETTLED");
    gate.open();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    expect(trip.fake.published).toHaveLength(1);
    expect(trip.fake.broadcasts.at(-1)).toMatchObject({ state: "published" });
    expect(trip.fake.delays).toEqual([]);
    expect((await trip.attributes()).delayed).toBeUndefined();
  });
});

describe("a workflow with an invalid input", () => {
  it("fails with the reason", async () => {
    const trip = lab.begin({}, { riderId: "" });
    await expect(trip.started).rejects.toThrow("Update");
    await expect(trip.outcome()).rejects.toMatchObject({
      cause: { message: "invalid trip input: riderId is missing" },
    });
    expect(trip.fake.calls).toEqual([]);
  });
});

describe("a pending activity", () => {
  it("has the name of its step or of its compensation", async () => {
    const gate = createGate();
    const compensating = createGate();
    const trip = lab.begin({
      openTab: { before: gate.pass },
      voidTab: { before: compensating.pass },
    });
    await gate.reached;
    const pending = async () =>
      (await trip.handle.describe()).raw.pendingActivities?.map(({ activityId }) => activityId);
    // The local activity before it is not listed.
    await eventually(async () => expect(await pending()).toEqual(["open-tab"]));
    const cancelled = trip.cancel("rain");
    await compensating.reached;
    expect(await pending()).toContain(`open-tab${compensationSuffix}`);
    compensating.open();
    gate.open();
    await cancelled;
  });
});
