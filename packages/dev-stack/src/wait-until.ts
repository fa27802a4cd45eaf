import { setTimeout as delay } from "node:timers/promises";

/** Options of {@link waitUntil}. */
export interface WaitOptions {
  /** The awaited condition, for the error, such as "the server to answer". */
  readonly what: string;
  /** Default: 30,000. */
  readonly timeoutMs?: number;
  /** The pause between two calls. Default: 20. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `condition` until it returns something other than undefined or false, and returns that. An error
 * of the condition counts as false. Rejects after the timeout, with the last error as its cause, and as
 * soon as the signal aborts.
 */
export async function waitUntil<T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  { what, timeoutMs = 30_000, intervalMs = 20, signal }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`timed out after ${timeoutMs / 1000} s waiting for ${what}`, {
        cause: lastError,
      });
    }
    await delay(intervalMs, undefined, signal ? { signal } : {});
  }
}
