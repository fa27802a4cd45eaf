import { BusError } from "@fanfare/bus";
import { maxTimerMs, pause, settlesWithin } from "@fanfare/bus/kit";

/** The end of a wait: an instant, and a signal that may end it earlier. */
export interface Deadline {
  /** In milliseconds of `performance.now()`, which no change of the wall clock affects. */
  readonly at: number;
  readonly signal?: AbortSignal | undefined;
}

/** Returns the deadline `timeoutMs` from now. */
export function createDeadline(timeoutMs: number, signal?: AbortSignal): Deadline {
  return { at: performance.now() + timeoutMs, signal };
}

/** Returns the milliseconds from now until an instant of `performance.now()`, from 0 to the longest delay of a timer. */
export function remainingMs(at: number): number {
  return Math.max(0, Math.min(at - performance.now(), maxTimerMs));
}

/** Creates the error of a call whose caller aborted it: the signal's reason, or `aborted`. */
export function createAbortError(signal: AbortSignal): BusError {
  if (signal.reason instanceof BusError) return signal.reason;
  return new BusError("aborted", "the caller aborted the call", { cause: signal.reason });
}

/** Resolves after `delayMs`, at the deadline or when its signal aborts. Never rejects. */
export function pauseUntil(delayMs: number, { at, signal }: Deadline): Promise<void> {
  return pause(Math.min(delayMs, remainingMs(at)), signal);
}

/** Resolves to whether the promise settled before the deadline. Never rejects. */
export function settlesBefore(promise: Promise<unknown>, deadline: Deadline): Promise<boolean> {
  const { at, signal } = deadline;
  return settlesWithin(promise, remainingMs(at), signal === undefined ? {} : { signal });
}

/**
 * Settles as the promise does. Rejects with `deadline_exceeded` at the deadline and with `aborted`
 * when its signal aborts. `about` names the operation in the error.
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  deadline: Deadline,
  about: string,
): Promise<T> {
  if (await settlesBefore(promise, deadline)) return await promise;
  if (deadline.signal?.aborted === true) throw createAbortError(deadline.signal);
  throw new BusError("deadline_exceeded", `${about}: not finished by the deadline`);
}
