import { beforeEach, describe, expect, it, vi } from "vitest";
import { startSaga, waitTicks } from "../test/start-saga.ts";

/** A run that a reset has created, replaying what the reset kept. */
const run = vi.hoisted(() => ({
  isReplaying: true,
  markers: new Array<string>(),
  conditions: new Set<() => void>(),
}));

vi.mock("@temporalio/workflow", async (importOriginal) => {
  const original = await importOriginal<typeof import("@temporalio/workflow")>();
  return {
    ...original,
    workflowInfo: () => ({
      runId: "second",
      originalExecutionRunId: "first",
      unsafe: { isReplaying: run.isReplaying },
    }),
    patched: (marker: string) => !run.isReplaying && run.markers.push(marker) > 0,
    condition: (holds: () => boolean) =>
      new Promise<void>((resolve) => run.conditions.add(() => holds() && resolve())),
  };
});

beforeEach(() => {
  Object.assign(run, { isReplaying: true, markers: [], conditions: new Set() });
});

/** Ends the replay, as the first task after the reset does. */
async function endReplay(): Promise<void> {
  run.isReplaying = false;
  for (const check of run.conditions) check();
  await waitTicks(5);
}

describe("reset", () => {
  it("calls onReset once the history that was kept is replayed", async () => {
    const onReset = vi.fn<() => Promise<void>>(async () => undefined);
    const { result } = await startSaga((saga) => saga.step("one", { run: () => waitTicks(20) }), {
      onReset,
    });
    await waitTicks(5);
    expect(onReset).not.toHaveBeenCalled();
    await endReplay();
    expect(onReset).toHaveBeenCalledOnce();
    await result;
  });

  it("issues no commands when the history that was kept completes the saga", async () => {
    const onReset = vi.fn<() => Promise<void>>(async () => undefined);
    const { result } = await startSaga((saga) => saga.step("one", { run: () => waitTicks(1) }), {
      onReset,
    });
    await result;
    await endReplay();
    expect(run.markers).toEqual([]);
    expect(onReset).not.toHaveBeenCalled();
  });
});
