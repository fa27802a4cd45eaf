import { type BackgroundTask, runInBackground } from "./background-task.ts";

/** Runs a hook in the background, with the current state of what it reports. */
export interface HookRunner<T> {
  /** Runs the hook with a new state. A run with the previous state is cancelled. */
  run(state: T): void;
  /** Cancels the last run. */
  cancel(): void;
  /** Resolves when the last run has ended. */
  finished(): Promise<void>;
}

/** Creates the runner of a hook. Without a hook it does nothing. */
export function createHookRunner<T>(
  name: string,
  hook: ((state: T) => Promise<void>) | undefined,
): HookRunner<T> {
  let last: BackgroundTask | undefined;
  return {
    run(state) {
      last?.cancel();
      if (hook) last = runInBackground(name, () => hook(state));
    },
    cancel: () => last?.cancel(),
    finished: async () => last?.done,
  };
}
