import { type Clock, systemClock } from "./clock.ts";
import { createDeferred } from "./deferred.ts";

/** When `settlesWithin` stops waiting, apart from its timeout. */
export interface SettlesWithinOptions {
  /** Measures the timeout beside the system clock, so that a stopped manual clock blocks nobody. */
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Resolves to true once the promise is settled, fulfilled or rejected; to false when `timeoutMs` pass
 * or the signal aborts before. Never rejects.
 *
 * @example
 * if (!(await settlesWithin(server.close(), 5_000))) server.destroy();
 */
export async function settlesWithin(
  promise: Promise<unknown>,
  timeoutMs: number,
  { clock = systemClock, signal }: SettlesWithinOptions = {},
): Promise<boolean> {
  const late = createDeferred<boolean>();
  const timeOut = () => late.resolve(false);
  const timers = Array.from(new Set([clock, systemClock]), (each) =>
    each.schedule(timeoutMs, timeOut),
  );
  signal?.addEventListener("abort", timeOut);
  if (signal?.aborted === true) timeOut();
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late.promise]);
  } finally {
    for (const cancel of timers) cancel();
    signal?.removeEventListener("abort", timeOut);
  }
}
