import { maxTimerMs } from "./clock.ts";

/**
 * Resolves after `delayMs` (Infinity for never) or when the signal aborts, whichever is first.
 *
 * @example
 * await pause(1_000, AbortSignal.timeout(100));
 */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = delayMs === Infinity ? undefined : setTimeout(end, Math.min(delayMs, maxTimerMs));
    signal?.addEventListener("abort", end);
  });
}
