import { condition, patched, workflowInfo } from "@temporalio/workflow";
import { type BackgroundTask, runInBackground } from "./background-task.ts";

/** Detects that an operator of Temporal has reset the workflow. */
export interface ResetWatch {
  /** Begins to watch. */
  start(): void;
  /**
   * Ends the watch. A reset can keep all that the workflow needs to complete: it then completes while it
   * replays, and a workflow that has completed must not issue commands.
   */
  stop(): void;
  /** Returns the hook's run that new calls have to wait for. Undefined when there is none. */
  pending(): Promise<void> | undefined;
}

/**
 * Creates a watch. `onReset` runs once the history that the reset kept is replayed, and again when a worker
 * later replays the run: it has to be harmless. The marker of a patch records where it ran, so that the run
 * replays. A run that no reset has created records nothing.
 */
export function createResetWatch(onReset: (() => Promise<void>) | undefined): ResetWatch {
  let handled = 0;
  let isLive = false;
  let stopped = false;
  let task: BackgroundTask | undefined;

  function detect(): boolean {
    if (stopped) return false;
    const { runId, originalExecutionRunId, unsafe } = workflowInfo();
    const mayBeReset = unsafe.isReplaying || (runId !== originalExecutionRunId && !isLive);
    return mayBeReset && patched(`saga-reset-${handled + 1}`);
  }

  function handle(run: () => Promise<void>): void {
    handled += 1;
    isLive = !workflowInfo().unsafe.isReplaying;
    const started = runInBackground("onReset", run);
    task = started;
    void started.done.finally(() => {
      if (task === started) task = undefined;
    });
  }

  async function watch(run: () => Promise<void>): Promise<never> {
    for (;;) {
      await condition(detect);
      if (detect()) handle(run);
      await task?.done;
    }
  }

  return {
    start() {
      if (onReset !== undefined) runInBackground("onReset", () => watch(onReset));
    },
    stop() {
      stopped = true;
    },
    pending() {
      if (onReset !== undefined && detect()) handle(onReset);
      return task?.done;
    },
  };
}
