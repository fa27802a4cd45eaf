import { setTimeout as sleep } from "node:timers/promises";
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

/** Counts the workflow tasks and activities of a saga that has ended, and checks that it replays. */
async function replayAndCount({ handle }: Holiday): Promise<{ tasks: number; activities: number }> {
  const history = await handle.fetchHistory();
  await Worker.runReplayHistory({ workflowsPath }, history);
  const events = history.events ?? [];
  return {
    tasks: events.filter((event) => event.workflowTaskCompletedEventAttributes).length,
    activities: events.filter((event) => event.activityTaskScheduledEventAttributes).length,
  };
}

describe("the local call of a step", () => {
  it("runs within the workflow task, without an ordinary activity when it succeeds", async () => {
    const card = await lab.beginPostcard();
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(card.calls()).toEqual(["stamp", "post", "notify"]);
    expect(await replayAndCount(card)).toEqual({ tasks: 1, activities: 0 });
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
    await replayAndCount(card);
  });

  it("is followed by an ordinary activity when it times out, and the step can become delayed", async () => {
    const gate = createGate();
    const plan = { localMs: { post: 200 }, delayedAfterMs: 50 };
    const card = await lab.beginPostcard({ post: gate.pass }, plan);
    await vi.waitFor(async () => {
      const post = (await card.progress()).steps.find(({ name }) => name === "post");
      expect(post).toMatchObject({ state: "running", delayed: true });
    }, patience);
    gate.open();
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(card.calls()).toEqual(["stamp", "post", "post", "notify"]);
    await replayAndCount(card);
  });

  it("is skipped after the local call of another step has failed", async () => {
    const card = await lab.beginPostcard({ stamp: failTimes(1) });
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(await replayAndCount(card)).toMatchObject({ activities: 3 });
  });

  it("is final when it is refused", async () => {
    const card = await lab.beginPostcard({ stamp: refuse("no stamps left") });
    const cause = {
      kind: "refused",
      step: "stamp",
      code: "failed_precondition",
      message: "no stamps left",
    };
    expect(await card.result()).toEqual({ outcome: "compensated", cause });
    expect(card.calls()).toEqual(["stamp", "compensate stamp"]);
    expect(await replayAndCount(card)).toMatchObject({ activities: 1 });
  });

  it("is skipped after a step was parked", async () => {
    const card = await lab.beginPostcard({ post: refuse("the post office is closed") });
    await vi.waitFor(async () => {
      expect((await card.progress()).state).toBe("parked");
    }, patience);
    card.script({});
    expect(await card.retry()).toEqual(["post"]);
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(card.calls()).toEqual(["stamp", "post", "post", "notify"]);
    expect(await replayAndCount(card)).toMatchObject({ activities: 2 });
  });

  it("delays a cancellation until it ends", async () => {
    const gate = createGate();
    const card = await lab.beginPostcard({ stamp: gate.pass }, { localMs: { stamp: 200 } });
    await gate.reached;
    expect(await card.cancel("rain")).toBe(true);
    const cause = { kind: "cancelled", by: "request", message: "rain" };
    expect(await card.result()).toEqual({ outcome: "compensated", cause });
    expect(card.compensations()).toEqual(["compensate stamp"]);
    await replayAndCount(card);
    gate.open();
  });

  it("delays the compensation until it ends, when the workflow is cancelled meanwhile", async () => {
    const gate = createGate();
    const card = await lab.beginPostcard({ stamp: gate.pass }, { taskTimeoutMs: 2_000 });
    await gate.reached;
    await card.handle.cancel();
    await vi.waitFor(async () => {
      expect((await card.progress()).cause).toMatchObject({ by: "temporal" });
    }, patience);
    expect(card.calls()).toEqual(["stamp"]);
    gate.open();
    expect(await card.result()).toMatchObject({
      outcome: "compensated",
      cause: { by: "temporal" },
    });
    expect(card.calls()).toEqual(["stamp", "compensate stamp"]);
    await replayAndCount(card);
  });

  it("delays an update until Temporal splits the workflow task, and its effects until it ends", async () => {
    const gate = createGate();
    const card = await lab.beginPostcard({ stamp: gate.pass }, { taskTimeoutMs: 2_000 });
    await gate.reached;
    expect(await card.cancel("rain")).toBe(true);
    expect(card.calls()).toEqual(["stamp"]);
    gate.open();
    const cause = { kind: "cancelled", by: "request", message: "rain" };
    expect(await card.result()).toEqual({ outcome: "compensated", cause });
    expect(card.calls()).toEqual(["stamp", "compensate stamp"]);
    await replayAndCount(card);
  });

  it("may end while the workflow handles a cancellation", async () => {
    // Temporal splits the task after 1.6 s and delivers the update, and the local call ends during its handler.
    const plan = { taskTimeoutMs: 2_000, cancelTakesMs: 1_200, begins: "write" } as const;
    const gate = createGate();
    const stamp = async () => {
      await gate.pass(1);
      await sleep(1_700);
    };
    const card = await lab.beginPostcard({ stamp }, plan);
    await gate.reached;
    gate.open();
    expect(await card.cancel("rain")).toBe(true);
    const cause = { kind: "cancelled", by: "request", message: "rain" };
    expect(await card.result()).toEqual({ outcome: "compensated", cause });
    expect(card.calls()).toEqual(["write", "stamp", "compensate stamp"]);
    const { events } = await card.handle.fetchHistory();
    expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
    await replayAndCount(card);
  });

  it("is skipped while that of another step runs, so that the saga replays", async () => {
    const posted = createGate();
    posted.open();
    let attempts = 0;
    const file = async () => {
      await posted.reached;
      attempts += 1;
      await failTimes(1)(attempts);
    };
    const plan = { taskTimeoutMs: 2_000, beside: "file" } as const;
    const card = await lab.beginPostcard({ file, post: posted.pass }, plan);
    expect(await card.result()).toEqual({ outcome: "completed", value: "post #1" });
    expect(await replayAndCount(card)).toMatchObject({ activities: 3 });
    expect(card.calls().toSorted()).toEqual(["file", "file", "notify", "post", "stamp"]);
  });

  it("replays where Temporal split the workflow task beside it", async () => {
    const gate = createGate();
    const plan = { localMs: { post: 60_000 }, delayedAfterMs: 60_000 };
    const card = await lab.beginPostcard({ post: gate.pass }, plan);
    await gate.reached;
    await vi.waitFor(async () => {
      const { events } = await card.handle.fetchHistory();
      const tasks = events?.filter((event) => event.workflowTaskCompletedEventAttributes);
      expect(tasks?.length).toBeGreaterThan(1);
    }, patience);
    gate.open();
    expect(await card.result()).toMatchObject({ outcome: "completed" });
    expect(await replayAndCount(card)).toMatchObject({ activities: 0 });
  });
});
