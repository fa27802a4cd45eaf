import { CancelledFailure, WorkflowFailedError } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
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
