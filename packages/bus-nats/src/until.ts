import { BusError } from "@fanfare/bus";

/** Until is how long to wait: until a time (milliseconds since the Unix epoch) or a signal. */
export interface Until {
  readonly deadlineAt: number;
  readonly signal?: AbortSignal | undefined;
}

/** msUntil is how long a timer has to run until a time: at most what a timer can, some 24 days. */
export function msUntil(time: number): number {
  return Math.max(0, Math.min(time - Date.now(), 2 ** 31 - 1));
}

/** abortedBy is the error of a caller who gave up. */
export function abortedBy(signal: AbortSignal): BusError {
  if (signal.reason instanceof BusError) return signal.reason;
  return new BusError("aborted", "the caller gave up", { cause: signal.reason });
}

/** pause resolves after a while, at the deadline or when the signal aborts; never rejects. */
export function pause(delayMs: number, until: Until): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      until.signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(delayMs, msUntil(until.deadlineAt)));
    until.signal?.addEventListener("abort", end);
    if (until.signal?.aborted === true) end();
  });
}

/** within rejects with `deadline_exceeded` or `aborted` when the promise is later than that. */
export async function within<T>(promise: Promise<T>, about: string, until: Until): Promise<T> {
  const settled = new AbortController();
  const signals = until.signal === undefined ? [settled.signal] : [settled.signal, until.signal];
  const late = pause(Infinity, {
    deadlineAt: until.deadlineAt,
    signal: AbortSignal.any(signals),
  }).then(() => {
    if (until.signal?.aborted === true) throw abortedBy(until.signal);
    throw new BusError("deadline_exceeded", `${about}: not done by the deadline`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    settled.abort();
  }
}
