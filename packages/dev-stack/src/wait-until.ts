import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  /** What is waited for, for the error. */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * waitUntil asks `condition` again and again until it gives something other than undefined or
 * false, and returns that. A condition that throws counts as not yet. Rejects past the deadline
 * (30 s), naming what was waited for and the last error, and as soon as the signal aborts.
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
      throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`, { cause: lastError });
    }
    await delay(intervalMs, undefined, signal ? { signal } : {});
  }
}
