import { CancellationScope, sleep } from "@temporalio/workflow";
import { createHookRunner } from "./hook-runner.ts";
import type { StepEntry } from "./step-log.ts";

/** Finds the steps that take too long. */
export interface DelayWatch {
  /** Runs a step beside a workflow timer. The step is delayed when the timer ends first. */
  watch<T>(entry: StepEntry, delayedAfterMs: number | undefined, run: () => Promise<T>): Promise<T>;
  /** Resolves when the last run of the hook has ended. */
  finished(): Promise<void>;
}

/** Creates the watch of a saga. The hook receives the delayed steps whenever they change. */
export function createDelayWatch(hook?: (steps: readonly string[]) => Promise<void>): DelayWatch {
  const delayed = new Set<string>();
  const onDelayed = createHookRunner("onDelayed", hook);

  function setDelayed(entry: StepEntry, isDelayed: boolean): void {
    if (isDelayed) delayed.add(entry.name);
    else delayed.delete(entry.name);
    entry.delayed(isDelayed);
    onDelayed.run([...delayed]);
  }

  return {
    async watch(entry, delayedAfterMs, run) {
      if (delayedAfterMs === undefined) return run();
      const timer = new CancellationScope();
      timer
        .run(() => sleep(delayedAfterMs))
        .then(
          () => setDelayed(entry, true),
          () => undefined,
        );
      try {
        return await run();
      } finally {
        timer.cancel();
        if (delayed.has(entry.name)) setDelayed(entry, false);
      }
    },
    finished: () => onDelayed.finished(),
  };
}
