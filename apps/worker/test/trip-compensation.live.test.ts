import { CancelledFailure, WorkflowFailedError } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { createGate, failTimes, refuse, sumCharges } from "./fake-services.ts";
import { createShortTariff } from "./tariffs.ts";
import { catchUpdateRefusal, openTripLab, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let lab: TripLab;
beforeAll(async () => {
  lab = await openTripLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

describe("a trip that is refused", () => {
  it("is compensated in reverse order, and start returns the refusal", async () => {
    const trip = lab.begin({ openTab: { before: refuse("the card was declined") } });
    const refusal = {
      code: "failed_precondition",
      message: "the card was declined",
      step: "open-tab",
    };
    const compensated = { status: "CANCELLED", reason: "the card was declined", refusal };
    expect(await trip.started).toEqual(compensated);
    expect(await trip.outcome()).toEqual(compensated);
    expect((await trip.handle.describe()).status.name).toBe("COMPLETED");
    expect(trip.fake.calls.filter((call) => !call.includes("compensate"))).toEqual([
      "acceptTrip accept-trip",
      "reserveVehicle reserve-vehicle",
      "openTab open-tab",
      "voidTab open-tab",
      "releaseVehicle reserve-vehicle",
      "cancelTripRecord accept-trip",
    ]);
    expect(trip.fake).toMatchObject({ refusal, reason: "the card was declined" });
    expect(trip.fake.statuses.at(-1)).toBe("CANCELLED");
    expect(trip.fake.vehicle).toBeUndefined();
    expect(trip.fake.published).toEqual([]);
    expect(await trip.attributes()).toEqual({ status: "CANCELLED" });
    expect((await trip.progress()).steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "accept-trip compensated",
      "reserve-vehicle compensated",
      "open-tab compensated",
    ]);
  });

  it("does not wait until the registry has recorded COMPENSATING", async () => {
    const gate = createGate();
    const trip = lab.begin({
      reserveVehicle: { before: refuse("the vehicle is in use") },
      compensateTrip: { before: gate.pass },
    });
    expect(await trip.started).toMatchObject({ status: "CANCELLED" });
    expect(trip.fake.statuses).toEqual(["PENDING", "CANCELLED"]);
    gate.open();
  });
});

describe("a step whose reply is lost", () => {
  it.each([
    ["reserveVehicle", "reserve-vehicle"],
    ["openTab", "open-tab"],
    ["charge", "charge-unlock-fee"],
  ])("is compensated after its timeout: %s", async (activity, step) => {
    const trip = lab.begin(
      { [activity]: { after: failTimes(1_000, "the reply was lost") } },
      { timings: { stepTimeoutMs: 4_000 } },
    );
    const compensated = await trip.started;
    expect(compensated).toMatchObject({ status: "CANCELLED", refusal: { code: "aborted", step } });
    expect(trip.fake.vehicle).toBeUndefined();
    expect(trip.fake.tab?.state).not.toBe("open");
    expect(sumCharges(trip.fake)).toBe(0);
    expect(trip.fake.statuses.at(-1)).toBe("CANCELLED");
  });

  it("is retried before its timeout, and has one effect", async () => {
    const trip = lab.begin({ charge: { after: failTimes(2) } });
    expect(await trip.started).toMatchObject({ status: "ACTIVE" });
    expect(sumCharges(trip.fake)).toBe(100);
    await trip.cancel("enough");
  });
});

describe("the update `cancel`", () => {
  it("compensates a trip during its drive and returns when that is done", async () => {
    const trip = lab.begin();
    await trip.started;
    const compensated = { status: "CANCELLED", reason: "changed my mind" };
    expect(await trip.cancel("changed my mind")).toEqual(compensated);
    expect(trip.fake.statuses.at(-1)).toBe("CANCELLED");
    expect(trip.fake).toMatchObject({ reason: "changed my mind", tab: { state: "void" } });
    expect(trip.fake.vehicle).toBeUndefined();
    expect(sumCharges(trip.fake)).toBe(0);
    expect(await trip.outcome()).toEqual(compensated);
    expect((await trip.handle.describe()).status.name).toBe("COMPLETED");
  });

  it("joins a compensation that is under way", async () => {
    const gate = createGate();
    const trip = lab.begin({
      openTab: { before: refuse("the card was declined") },
      releaseVehicle: { before: gate.pass },
    });
    await gate.reached;
    const cancelled = trip.cancel("too late");
    gate.open();
    expect(await cancelled).toEqual(await trip.started);
    expect(await cancelled).toMatchObject({ reason: "the card was declined" });
  });

  it("before the drive also ends the update start", async () => {
    const gate = createGate();
    const trip = lab.begin({ openTab: { before: gate.pass } });
    await gate.reached;
    expect(await trip.cancel("rain")).toEqual({ status: "CANCELLED", reason: "rain" });
    expect(await trip.started).toEqual({ status: "CANCELLED", reason: "rain" });
    gate.open();
  });

  it("is refused from the pivot on", async () => {
    const gate = createGate();
    const trip = lab.begin({ completeDrive: { before: gate.pass } });
    await trip.started;
    const ended = trip.end();
    await gate.reached;
    expect(await catchUpdateRefusal(trip.cancel("too late"))).toMatch(
      /^RefusedUpdate: the drive has ended/,
    );
    gate.open();
    await ended;
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });
});

describe("the update `cancel` after the longest drive", () => {
  it("is refused without a request to end the drive", async () => {
    const gate = createGate();
    const script = { completeDrive: { before: gate.pass } };
    const trip = lab.begin(script, { tariff: createShortTariff({ maximumDriveMs: 100 }) });
    await gate.reached;
    expect(await catchUpdateRefusal(trip.cancel("too late"))).toMatch(
      /^RefusedUpdate: the drive has ended/,
    );
    gate.open();
    await trip.started;
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });
});

describe("a cancellation of the workflow", () => {
  it("before the pivot compensates everything and ends it as Canceled", async () => {
    const trip = lab.begin();
    await trip.started;
    await trip.handle.cancel();
    const failure = await trip.outcome().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect(failure).toMatchObject({ cause: expect.any(CancelledFailure) });
    expect((await trip.handle.describe()).status.name).toBe("CANCELLED");
    expect(trip.fake.statuses.at(-1)).toBe("CANCELLED");
    expect(trip.fake).toMatchObject({ reason: "cancelled in Temporal", tab: { state: "void" } });
    expect(trip.fake.vehicle).toBeUndefined();
    expect(sumCharges(trip.fake)).toBe(0);
  });

  it("ends the updates that wait", async () => {
    const gate = createGate();
    const trip = lab.begin({ openTab: { before: gate.pass } });
    await gate.reached;
    await trip.handle.cancel();
    expect(await trip.started).toEqual({ status: "CANCELLED", reason: "cancelled in Temporal" });
    gate.open();
  });

  it("after the pivot changes nothing", async () => {
    const gate = createGate();
    const trip = lab.begin({ captureTab: { before: gate.pass } });
    await trip.started;
    await trip.end();
    await gate.reached;
    await trip.handle.cancel();
    gate.open();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    expect((await trip.handle.describe()).status.name).toBe("COMPLETED");
    expect(trip.fake.published).toHaveLength(1);
  });
});

describe("a trip that is parked", () => {
  it("needs attention when a compensation is refused, and continues when it is retried", async () => {
    const trip = lab.begin({ voidTab: { before: refuse("the tab is locked") } });
    await trip.started;
    const parked = { status: "NEEDS_ATTENTION", reason: "the tab is locked" };
    expect(await trip.cancel("rain")).toEqual(parked);
    expect(trip.fake.statuses.at(-1)).toBe("NEEDS_ATTENTION");
    expect(trip.fake.vehicle).toBe("vehicle-1");
    expect(await trip.attributes()).toEqual({ status: "NEEDS_ATTENTION", attention: "open-tab" });

    lab.services.script(trip.tripId, {});
    expect(await trip.retry()).toEqual(["open-tab"]);
    expect(await trip.outcome()).toEqual({ status: "CANCELLED", reason: "rain" });
    expect(trip.fake.statuses.at(-1)).toBe("CANCELLED");
    expect(trip.fake.vehicle).toBeUndefined();
    expect(await trip.attributes()).toEqual({ status: "CANCELLED" });
  });

  it("parks a declined capture, and settles the captured amount when it is resolved", async () => {
    const trip = lab.begin({ captureTab: { before: refuse("insufficient funds") } });
    await trip.started;
    await trip.end();
    await eventually(() => expect(trip.fake.statuses.at(-1)).toBe("NEEDS_ATTENTION"));
    expect(trip.fake.reason).toBe("capture: insufficient funds");
    expect(trip.fake.vehicle).toBeUndefined();
    expect(await trip.resolve("written off")).toEqual(["capture"]);
    const settled = { minorUnits: 0, currency: "EUR" };
    expect(await trip.outcome()).toEqual({ status: "SETTLED", settled });
    expect(trip.fake.published).toMatchObject([{ settled }]);
    expect(trip.fake.tab).toMatchObject({ state: "void" });
  });

  it("settles what was captured after all when the capture is resolved", async () => {
    const trip = lab.begin({ captureTab: { after: refuse("the tab is captured") } });
    await trip.started;
    await trip.end();
    await eventually(() => expect(trip.fake.statuses.at(-1)).toBe("NEEDS_ATTENTION"));
    await trip.resolve("written off");
    const settled = { minorUnits: 130, currency: "EUR" };
    expect(await trip.outcome()).toEqual({ status: "SETTLED", settled });
    expect(trip.fake.published).toMatchObject([{ settled }]);
  });

  it("is ENDED again while its capture is retried", async () => {
    const gate = createGate();
    const trip = lab.begin({ captureTab: { before: refuse("insufficient funds") } });
    await trip.started;
    await trip.end();
    await eventually(() => expect(trip.fake.statuses.at(-1)).toBe("NEEDS_ATTENTION"));
    lab.services.script(trip.tripId, { captureTab: { before: gate.pass } });
    expect(await trip.retry()).toEqual(["capture"]);
    await eventually(() => expect(trip.fake.statuses.at(-1)).toBe("ENDED"));
    await eventually(async () => expect(await trip.attributes()).toEqual({ status: "ENDED" }));
    gate.open();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    expect(trip.fake.statuses).toEqual([
      "PENDING",
      "ACTIVE",
      "ENDED",
      "NEEDS_ATTENTION",
      "ENDED",
      "SETTLED",
    ]);
  });

  it("refuses decisions when nothing is parked", async () => {
    const trip = lab.begin();
    await trip.started;
    expect(await catchUpdateRefusal(trip.retry())).toMatch(/^RefusedUpdate: nothing/);
    expect(await catchUpdateRefusal(trip.resolve("note"))).toMatch(/^RefusedUpdate: nothing/);
    expect(await catchUpdateRefusal(trip.resolve(""))).toMatch(
      /^RefusedUpdate: resolve requires a note/,
    );
    await trip.cancel("enough");
  });
});
