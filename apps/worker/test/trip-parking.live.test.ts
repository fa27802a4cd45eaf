import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { createGate, refuse } from "./fake-services.ts";
import { catchUpdateRefusal, openTripLab, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let lab: TripLab;
beforeAll(async () => {
  lab = await openTripLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

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
