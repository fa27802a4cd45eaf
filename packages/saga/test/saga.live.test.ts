import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type HolidayLab, openHolidayLab } from "./holiday-lab.ts";
import { createGate, failTimes, refuse } from "./travel-agency.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const patience = { timeout: 60_000, interval: 50 };
let lab: HolidayLab;
beforeAll(async () => {
  lab = await openHolidayLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

describe("a saga that completes", () => {
  it("completes with what its body returns", async () => {
    const holiday = await lab.begin();
    expect(await holiday.result()).toEqual({ outcome: "completed", value: "pay #1" });
    const progress = await holiday.progress();
    expect(progress).toMatchObject({ state: "done", pivoted: true });
    expect(progress.cause).toBeUndefined();
    expect(await holiday.states()).toEqual({
      flight: "done",
      hotel: "done",
      car: "done",
      pay: "done",
      tickets: "done",
    });
    expect(holiday.compensations()).toEqual([]);
  });

  it("reports which step is delayed, and when it no longer is", async () => {
    const gate = createGate();
    const holiday = await lab.begin({ pay: gate.pass }, { delayedAfterMs: 50 });
    await vi.waitFor(() => expect(holiday.reports()).toEqual(["report delayed: pay"]), patience);
    const delayed = (await holiday.progress()).steps.find(({ name }) => name === "pay");
    expect(delayed).toMatchObject({ state: "running", delayed: true });
    gate.open();
    await holiday.result();
    expect(holiday.reports()).toEqual(["report delayed: pay", "report delayed: "]);
  });
});

describe("a step that is refused", () => {
  it("compensates the steps that began, the refused step first", async () => {
    const holiday = await lab.begin({ car: refuse("no car left") });
    const cause = {
      kind: "refused",
      step: "car",
      code: "failed_precondition",
      message: "no car left",
    };
    expect(await holiday.result()).toEqual({ outcome: "compensated", cause });
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
    const progress = await holiday.progress();
    expect(progress).toMatchObject({ state: "done", pivoted: false, cause });
    expect(await holiday.states()).toEqual({
      flight: "compensated",
      hotel: "compensated",
      car: "compensated",
    });
    expect(progress.steps.find(({ name }) => name === "car")?.error).toBe("no car left");
  });

  it("cancels a step beside it, which is compensated too", async () => {
    const gate = createGate();
    const holiday = await lab.begin({ hotel: gate.pass, car: refuse("no car left") });
    expect(await holiday.result()).toMatchObject({ outcome: "compensated" });
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
    gate.open();
  });

  it("waits for a step beside it that cannot be cancelled", async () => {
    const gate = createGate();
    let booked = false;
    const bookedAtCompensation: boolean[] = [];
    const holiday = await lab.begin(
      {
        hotel: async (attempt) => {
          await gate.pass(attempt);
          booked = true;
        },
        car: refuse("no car left"),
        "compensate car": () => void bookedAtCompensation.push(booked),
      },
      { stubbornHotel: true },
    );
    await vi.waitFor(async () => {
      expect((await holiday.progress()).state).toBe("compensating");
    }, patience);
    gate.open();
    expect(await holiday.result()).toMatchObject({ outcome: "compensated" });
    expect(bookedAtCompensation).toEqual([true]);
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
  });

  it("compensates the first step when it is refused", async () => {
    const holiday = await lab.begin({ flight: refuse("no flight") });
    expect(await holiday.result()).toMatchObject({ cause: { step: "flight" } });
    expect(holiday.compensations()).toEqual(["compensate flight"]);
  });
});

describe("a step whose reply is lost", () => {
  it("is retried until its timeout, then compensated", async () => {
    const holiday = await lab.begin({ hotel: failTimes(1_000) }, { stepTimeoutMs: 4_000 });
    expect(await holiday.result()).toMatchObject({
      outcome: "compensated",
      cause: { kind: "failed", step: "hotel" },
    });
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
  });
});

describe("a cancellation", () => {
  it("of the saga compensates it and is its cause", async () => {
    const gate = createGate();
    const holiday = await lab.begin({ hotel: gate.pass });
    await gate.reached;
    expect(await holiday.cancel("rain")).toBe(true);
    const cause = { kind: "cancelled", by: "request", message: "rain" };
    expect(await holiday.result()).toEqual({ outcome: "compensated", cause });
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
    const hotel = (await holiday.progress()).steps.find(({ name }) => name === "hotel");
    expect(hotel).toMatchObject({ state: "compensated", error: "cancelled: rain" });
    gate.open();
  });

  it("of the workflow compensates it, and further cancellations join", async () => {
    const gate = createGate();
    const compensating = createGate();
    const holiday = await lab.begin({ hotel: gate.pass, "compensate flight": compensating.pass });
    await gate.reached;
    await holiday.handle.cancel();
    await compensating.reached;
    await holiday.handle.cancel();
    expect(await holiday.cancel("rain")).toBe(true);
    compensating.open();
    expect(await holiday.result()).toMatchObject({
      outcome: "compensated",
      cause: { kind: "cancelled", by: "temporal" },
    });
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
    gate.open();
  });

  it("immediately before the pivot compensates the saga", async () => {
    const holiday = await lab.begin({}, { changeOfMind: true });
    expect(await holiday.result()).toMatchObject({
      outcome: "compensated",
      cause: { message: "rain" },
    });
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
    expect(holiday.calls()).not.toContain("pay");
  });

  it("compensates a saga without a pivot until its end", async () => {
    const holiday = await lab.beginOther("stroll");
    expect(await holiday.result()).toMatchObject({
      outcome: "compensated",
      cause: { message: "rain" },
    });
    expect(holiday.calls()).toEqual(["walk", "compensate walk"]);
  });

  it("changes nothing after the pivot", async () => {
    const gate = createGate();
    const holiday = await lab.begin({ pay: gate.pass });
    await gate.reached;
    await holiday.handle.cancel();
    expect(await holiday.cancel("rain")).toBe(false);
    gate.open();
    expect(await holiday.result()).toEqual({ outcome: "completed", value: "pay #1" });
    expect(holiday.compensations()).toEqual([]);
  });

  it("interrupts a wait between two steps", async () => {
    const holiday = await lab.beginOther("picnic");
    await vi.waitFor(() => expect(holiday.calls()).toEqual(["basket"]), patience);
    await holiday.handle.cancel();
    expect(await holiday.result()).toMatchObject({ outcome: "compensated" });
    expect(holiday.compensations()).toEqual(["compensate basket: Workflow cancelled"]);
  });
});

describe("an error in workflow code", () => {
  it("fails the workflow task and compensates nothing", async () => {
    const holiday = await lab.begin({}, { bug: true });
    await vi.waitFor(async () => {
      const { events } = await holiday.handle.fetchHistory();
      const failed = events?.find((event) => event.workflowTaskFailedEventAttributes);
      expect(failed?.workflowTaskFailedEventAttributes?.failure?.message).toBe(
        "a bug in the workflow",
      );
    }, patience);
    expect((await holiday.handle.describe()).status.name).toBe("RUNNING");
    expect(holiday.compensations()).toEqual([]);
    await holiday.handle.terminate();
  });
});

describe("a hook that fails", () => {
  it("does not affect the saga", async () => {
    const holiday = await lab.begin({
      car: refuse("no car left"),
      "report compensating: refused": refuse("the reporter is down"),
    });
    expect(await holiday.result()).toMatchObject({ outcome: "compensated" });
    expect(holiday.reports()).toEqual(["report compensating: refused"]);
    expect(holiday.compensations()).toEqual([
      "compensate car",
      "compensate hotel",
      "compensate flight",
    ]);
  });
});
