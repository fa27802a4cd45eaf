import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SagaProgress } from "../src/index.ts";
import { type Holiday, type HolidayLab, openHolidayLab } from "./holiday-lab.ts";
import { failTimes, refuse } from "./travel-agency.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const patience = { timeout: 60_000, interval: 50 };
let lab: HolidayLab;
beforeAll(async () => {
  lab = await openHolidayLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** Waits until a step is parked. */
function waitUntilParked(holiday: Holiday): Promise<SagaProgress> {
  return vi.waitFor(async () => {
    const progress = await holiday.progress();
    expect(progress.state).toBe("parked");
    return progress;
  }, patience);
}

describe("a compensation that keeps failing", () => {
  const broken = { car: refuse("no car left"), "compensate hotel": refuse("the desk is closed") };

  it("is parked, and continues when it is retried", async () => {
    const holiday = await lab.begin(broken);
    const progress = await waitUntilParked(holiday);
    expect(await holiday.states()).toEqual({ flight: "done", hotel: "parked", car: "compensated" });
    expect(progress.steps[1]?.error).toBe("the desk is closed");
    await vi.waitFor(() => expect(holiday.reports()).toContain("report parked: hotel"), patience);
    holiday.script({});
    expect(await holiday.retry("car")).toEqual([]);
    expect(await holiday.retry("hotel")).toEqual(["hotel"]);
    expect(await holiday.result()).toMatchObject({
      outcome: "compensated",
      cause: { step: "car" },
    });
    expect(holiday.compensations().slice(-2)).toEqual(["compensate hotel", "compensate flight"]);
  });

  it("is skipped when it is resolved, and its note is kept", async () => {
    const holiday = await lab.begin(broken);
    await waitUntilParked(holiday);
    const resolved = await holiday.resolve("phoned them");
    expect(resolved).toEqual(["hotel"]);
    await holiday.result();
    const hotel = (await holiday.progress()).steps[1];
    expect(hotel).toMatchObject({ state: "compensated", note: "phoned them" });
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
  });

  it("is parked after its timeout", async () => {
    const holiday = await lab.begin(
      { car: refuse("no car left"), "compensate car": failTimes(1_000) },
      { compensationTimeoutMs: 300 },
    );
    await waitUntilParked(holiday);
    expect(await holiday.states()).toMatchObject({
      car: "parked",
      hotel: "done",
    });
    await holiday.handle.terminate();
  });
});

describe("a refusal after the pivot", () => {
  it("is parked, and returns the result of an operator", async () => {
    const holiday = await lab.begin({ pay: refuse("card declined") });
    expect(await waitUntilParked(holiday)).toMatchObject({ pivoted: true });
    await holiday.resolve("cash");
    expect(await holiday.result()).toEqual({ outcome: "completed", value: "by hand: cash" });
    expect(holiday.compensations()).toEqual([]);
  });

  it("stays parked when a step without resolved is resolved", async () => {
    const holiday = await lab.begin({ tickets: refuse("printer on fire") });
    await waitUntilParked(holiday);
    expect(await holiday.resolve("drew them")).toEqual([]);
    holiday.script({});
    expect(await holiday.retry()).toEqual(["tickets"]);
    expect(await holiday.result()).toMatchObject({ outcome: "completed" });
  });
});
