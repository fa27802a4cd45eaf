import { setTimeout as sleep } from "node:timers/promises";
import { notify } from "@fanfare/service";

/** How often a task is repeated. */
export interface RepeatOptions {
  readonly intervalMs: number;
  /** The longest pause while the task fails. */
  readonly maxIntervalMs: number;
  /** Called after each failure, with the pause that follows. */
  readonly onError: (error: unknown, pauseMs: number) => void;
}

/**
 * Runs a task repeatedly until the signal aborts. The pause doubles after each failure, and is `intervalMs`
 * again after a success. Never rejects.
 */
export async function repeatUntilAborted(
  signal: AbortSignal,
  task: (signal: AbortSignal) => Promise<void>,
  { intervalMs, maxIntervalMs, onError }: RepeatOptions,
): Promise<void> {
  let pauseMs = intervalMs;
  while (!signal.aborted) {
    try {
      await task(signal);
      pauseMs = intervalMs;
    } catch (error) {
      pauseMs = Math.min(2 * pauseMs, maxIntervalMs);
      notify(onError, [error, pauseMs]);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}
