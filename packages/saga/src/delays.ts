import { CancellationScope, sleep } from "@temporalio/workflow";
import { createNotice } from "./background-task.ts";
import type { Entry } from "./journal.ts";

/** Delays knows which steps are taking longer than they should. */
export interface Delays {
  /** watch runs a step with a workflow timer beside it. */
  watch<T>(entry: Entry, afterMs: number | undefined, run: () => Promise<T>): Promise<T>;
  /** Resolves when the last notice is told. */
  over(): Promise<void>;
}

/** watchDelays makes the watch of one saga; the hook is told the delayed steps whenever they change. */
export function watchDelays(hook?: (steps: readonly string[]) => Promise<void>): Delays {
  const delayed = new Set<string>();
  const notice = createNotice("onDelayed", hook);

  function change(entry: Entry, late: boolean): void {
    if (late) delayed.add(entry.name);
    else delayed.delete(entry.name);
    entry.delayed(late);
    notice.tell([...delayed]);
  }

  return {
    async watch(entry, afterMs, run) {
      if (afterMs === undefined) return run();
      const timer = new CancellationScope();
      timer
        .run(() => sleep(afterMs))
        .then(
          () => change(entry, true),
          () => undefined,
        );
      try {
        return await run();
      } finally {
        timer.cancel();
        if (delayed.has(entry.name)) change(entry, false);
      }
    },
    over: () => notice.over(),
  };
}
