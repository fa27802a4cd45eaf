import { Worker } from "@temporalio/worker";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Holiday, type HolidayLab, openHolidayLab, workflowsPath } from "./holiday-lab.ts";
import { createGate, failTimes, refuse } from "./travel-agency.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const patience = { timeout: 60_000, interval: 50 };
let lab: HolidayLab;
beforeAll(async () => {
  lab = await openHolidayLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** historyOf counts what a saga that is over took of Temporal, and sees that it replays. */
async function historyOf({ handle }: Holiday): Promise<{ tasks: number; activities: number }> {
  const history = await handle.fetchHistory();
  await Worker.runReplayHistory({ workflowsPath }, history);
  const events = history.events ?? [];
  return {
    tasks: events.filter((event) => event.workflowTaskCompletedEventAttributes).length,
    activities: events.filter((event) => event.activityTaskScheduledEventAttributes).length,
  };
}

describe("the first try of a step", () => {
  it("is made within the workflow task, and nothing else when it succeeds", async () => {
    const card = await lab.beginPostcard();
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(card.calls()).toEqual(["stamp", "post", "tell"]);
    expect(await historyOf(card)).toEqual({ tasks: 1, activities: 0 });
  });

  it("is followed by an ordinary activity, which Temporal shows, when it fails", async () => {
    const card = await lab.beginPostcard({ stamp: failTimes(1_000) });
    await vi.waitFor(async () => {
      const { raw } = await card.handle.describe();
      const [pending] = raw.pendingActivities ?? [];
      expect(pending?.attempt).toBeGreaterThan(1);
      expect(pending?.lastFailure?.message).toMatch(/^attempt \d+ failed$/);
    }, patience);
    card.script({});
    expect(await card.result()).toMatchObject({ outcome: "completed" });
    expect(card.compensations()).toEqual([]);
    await historyOf(card);
  });

  it("is followed by one when it takes too long, and the step is then called delayed", async () => {
    const gate = createGate();
    const plan = { localMs: 200, delayedAfterMs: 50 };
    const card = await lab.beginPostcard({ post: gate.pass }, plan);
    await vi.waitFor(async () => {
      const post = (await card.progress()).steps.find(({ name }) => name === "post");
      expect(post).toMatchObject({ state: "running", delayed: true });
    }, patience);
    gate.open();
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(card.calls()).toEqual(["stamp", "post", "post", "tell"]);
    await historyOf(card);
  });

  it("is left out once another has failed", async () => {
    const card = await lab.beginPostcard({ stamp: failTimes(1) });
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(await historyOf(card)).toMatchObject({ activities: 3 });
  });

  it("is the last when it is refused", async () => {
    const card = await lab.beginPostcard({ stamp: refuse("no stamps left") });
    const cause = {
      kind: "refused",
      step: "stamp",
      code: "failed_precondition",
      message: "no stamps left",
    };
    expect(await card.result()).toEqual({ outcome: "compensated", cause });
    expect(card.calls()).toEqual(["stamp", "compensate stamp"]);
    expect(await historyOf(card)).toMatchObject({ activities: 1 });
  });

  it("is left out once something was parked", async () => {
    const card = await lab.beginPostcard({ post: refuse("the post office is closed") });
    await vi.waitFor(async () => {
      expect((await card.progress()).state).toBe("parked");
    }, patience);
    card.script({});
    expect(await card.retry()).toEqual(["post"]);
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(card.calls()).toEqual(["stamp", "post", "post", "tell"]);
    expect(await historyOf(card)).toMatchObject({ activities: 2 });
  });

  it("lets a cancellation through when it is over", async () => {
    const gate = createGate();
    const card = await lab.beginPostcard({ stamp: gate.pass }, { localMs: 200 });
    await gate.reached;
    expect(await card.cancel("rain")).toBe(true);
    const cause = { kind: "cancelled", by: "request", message: "rain" };
    expect(await card.result()).toEqual({ outcome: "compensated", cause });
    expect(card.compensations()).toEqual(["compensate stamp"]);
    await historyOf(card);
    gate.open();
  });

  it("lets one through when the workflow task is parted because it takes long", async () => {
    const gate = createGate();
    const card = await lab.beginPostcard({ stamp: gate.pass }, { localMs: 60_000 });
    await gate.reached;
    await card.handle.cancel();
    expect(await card.result()).toMatchObject({
      outcome: "compensated",
      cause: { by: "temporal" },
    });
    expect(card.calls()).toEqual(["stamp", "compensate stamp"]);
    await historyOf(card);
    gate.open();
  });

  it("lets an update through when the workflow task is parted, and replays", async () => {
    const gate = createGate();
    const card = await lab.beginPostcard({ stamp: gate.pass }, { localMs: 60_000 });
    await gate.reached;
    expect(await card.cancel("rain")).toBe(true);
    const cause = { kind: "cancelled", by: "request", message: "rain" };
    expect(await card.result()).toEqual({ outcome: "compensated", cause });
    expect(card.calls()).toEqual(["stamp", "compensate stamp"]);
    await historyOf(card);
    gate.open();
  });

  it("replays where the workflow task was parted beside it", async () => {
    const gate = createGate();
    const plan = { localMs: 60_000, delayedAfterMs: 60_000 };
    const card = await lab.beginPostcard({ post: gate.pass }, plan);
    await gate.reached;
    await vi.waitFor(async () => {
      const { events } = await card.handle.fetchHistory();
      const tasks = events?.filter((event) => event.workflowTaskCompletedEventAttributes);
      expect(tasks?.length).toBeGreaterThan(1);
    }, patience);
    gate.open();
    expect(await card.result()).toMatchObject({ outcome: "completed" });
    expect(await historyOf(card)).toMatchObject({ activities: 0 });
  });
});
