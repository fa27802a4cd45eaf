import { BusError } from "../error.ts";
import { DependencyUnavailableError, PermanentError } from "./handler-errors.ts";

/**
 * What follows from what a handler threw.
 *
 * - retry: the handler has failed: the event is redelivered, and dead-lettered after `maxAttempts` failures.
 * - dead-letter: the event is dead-lettered at once.
 * - pause: a dependency is unavailable: the subscription pauses, and no failure is counted.
 */
export type FailureClass = "retry" | "dead-letter" | "pause";

/** A function that classifies what handlers throw; undefined leaves it to the bus. */
export type Classify = (reason: unknown) => FailureClass | undefined;

/**
 * Returns what follows from what a handler threw: what `classify` returns, else what the class of the
 * error states, else "retry". Any other error of the bus, such as one of a nested publish, is an ordinary
 * failure. A `classify` that fails is reported to `onError` and decides nothing.
 */
export function classifyFailure(
  reason: unknown,
  classify: Classify | undefined,
  onError: (reason: unknown) => void,
): FailureClass {
  try {
    const chosen: unknown = classify?.(reason);
    if (isFailureClass(chosen)) return chosen;
    if (chosen !== undefined) {
      const expected = 'expected classify to return "retry", "dead-letter", "pause" or undefined';
      onError(new BusError("invalid_argument", `${expected}, got ${typeof chosen}`));
      if (chosen instanceof Promise) chosen.catch(onError);
    }
  } catch (failure) {
    onError(failure);
    return "retry";
  }
  if (reason instanceof PermanentError) return "dead-letter";
  return reason instanceof DependencyUnavailableError ? "pause" : "retry";
}

function isFailureClass(value: unknown): value is FailureClass {
  return value === "retry" || value === "dead-letter" || value === "pause";
}
