import { beforeEach, describe, expect, it, vi } from "vitest";
import { startSaga, waitTicks } from "../test/start-saga.ts";
import type { Saga, SagaResult } from "./saga.ts";

// A worker's timers: they end after a microtask, unless their scope is cancelled.
vi.mock("@temporalio/workflow", async (importOriginal) => {
  const original = await importOriginal<typeof import("@temporalio/workflow")>();
  const sleep = (): Promise<unknown> => {
    const { cancelRequested } = original.CancellationScope.current();
    return Promise.race([waitTicks(1), cancelRequested]);
  };
  return { ...original, sleep };
});

const hookTicks = 6;
let log: string[];
beforeEach(() => {
  log = [];
});

const call = (name: string, ticks: number) => async () => {
  const { ApplicationFailure, CancellationScope } = await import("@temporalio/workflow");
  const { cancelRequested } = CancellationScope.current();
  log.push(name);
  await Promise.race([waitTicks(ticks), cancelRequested]);
  if (name.endsWith("refused")) throw ApplicationFailure.nonRetryable("no", "not_found");
};
const step = (saga: Saga, name: string, ticks: number) =>
  saga.step(name, {
    run: call(name, ticks),
    compensate: () => waitTicks(1).then(() => void log.push(`compensate ${name}`)),
    delayedAfterMs: 1,
  });

/** Bodies without a pivot. In all of them `onDelayed` runs when the last step has ended. */
const bodies: Record<string, (saga: Saga) => Promise<void>> = {
  "one step after another": async (saga) => {
    await step(saga, "one", 3);
    await step(saga, "two", 3);
  },
  "steps beside each other": async (saga) => {
    await Promise.all([step(saga, "one", 2), step(saga, "two", 5)]);
  },
  "a step in the background": async (saga) => {
    void step(saga, "one", 9);
    await step(saga, "two", 2);
  },
  "a step that begins in the background": async (saga) => {
    void step(saga, "one", 4)
      .then(() => step(saga, "two", 4))
      .catch(() => undefined);
  },
  "a refused step in the background": async (saga) => {
    void step(saga, "one refused", 8);
    await step(saga, "two", 2);
  },
};

interface Attempt {
  /** What `cancel()` returned. Undefined when the workflow was cancelled. */
  readonly accepted: boolean | undefined;
  readonly result: SagaResult<void>;
}

/** Runs a saga and cancels it after a number of microtasks. */
async function cancelAfter(
  ticks: number,
  { body, by }: { body: (saga: Saga) => Promise<void>; by: "request" | "temporal" },
): Promise<Attempt> {
  const started = await startSaga(body, { onDelayed: () => waitTicks(hookTicks) });
  await waitTicks(ticks);
  let accepted: boolean | undefined;
  if (by === "request") accepted = started.saga.cancel("rain");
  else started.cancelWorkflow();
  return { accepted, result: await started.result };
}

/** Checks that all steps are compensated, or none and the cancellation was not accepted. */
function isConsistent({ accepted, result }: Attempt): boolean {
  const compensated = log.filter((what) => what.startsWith("compensate ")).length;
  const begun = log.length - compensated;
  if (result.outcome === "completed") return accepted !== true && compensated === 0;
  return compensated >= begun;
}

const longest = 60;
const cases = Object.entries(bodies).flatMap(([name, body]) =>
  (["request", "temporal"] as const).map((by) => ({ name, body, by })),
);

describe("closing", () => {
  it.each(cases)("never reports cancelled and completes: $name, by $by", async (how) => {
    const seen = new Set<string>();
    const violations: unknown[] = [];
    for (let ticks = 0; ticks < longest; ticks++) {
      log = [];
      const attempt = await cancelAfter(ticks, how);
      seen.add(attempt.result.outcome);
      if (!isConsistent(attempt)) violations.push({ ticks, ...attempt, log });
    }
    expect(violations).toEqual([]);
    const outcomes = how.name.includes("refused") ? ["compensated"] : ["compensated", "completed"];
    expect([...seen].toSorted()).toEqual(outcomes);
  });

  it("returns false while the hooks of a saga that completes still run", async () => {
    const gate = Promise.withResolvers<void>();
    const { saga, result } = await startSaga((started) => step(started, "one", 3), {
      onDelayed: () => gate.promise,
    });
    await vi.waitFor(() => expect(saga.progress().steps[0]?.state).toBe("done"));
    await waitTicks(20);
    expect(saga.cancel("rain")).toBe(false);
    gate.resolve();
    expect(await result).toMatchObject({ outcome: "completed" });
    expect(saga.progress().cause).toBeUndefined();
  });

  it("refuses a step of a saga that completes", async () => {
    const gate = Promise.withResolvers<void>();
    const { saga, result } = await startSaga((started) => step(started, "one", 3), {
      onDelayed: () => gate.promise,
    });
    await vi.waitFor(() => expect(saga.progress().steps[0]?.state).toBe("done"));
    await waitTicks(20);
    await expect(step(saga, "late", 1)).rejects.toThrow("the saga is done");
    gate.resolve();
    await result;
  });
});
