import { brandClass } from "../kit/brand-class.ts";

/**
 * Thrown by a handler for an event that no retry can mend: the event is dead-lettered at once.
 * `instanceof` recognizes the errors of every copy of this package.
 *
 * @example
 * throw new PermanentError("expected an author, got none");
 */
export class PermanentError extends Error {
  static {
    brandClass(PermanentError, "@fanfare/bus/PermanentError");
  }
  override readonly name = "PermanentError";
}

/**
 * Thrown by a handler when something that it needs is unavailable: the subscription pauses until a retry
 * succeeds, and no failure is counted. `instanceof` recognizes the errors of every copy of this package.
 *
 * @example
 * throw new DependencyUnavailableError("the mail server is down", { cause: error });
 */
export class DependencyUnavailableError extends Error {
  static {
    brandClass(DependencyUnavailableError, "@fanfare/bus/DependencyUnavailableError");
  }
  override readonly name = "DependencyUnavailableError";
}
