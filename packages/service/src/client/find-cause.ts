/** The most causes that are looked through. */
const maxDepth = 100;

/**
 * Finds the first error that a check accepts: an error itself, or one that it wraps as its `cause`, at any
 * depth. Returns undefined when there is none. Takes any value that may be thrown.
 *
 * @example
 * import { Code, ConnectError } from "@connectrpc/connect";
 *
 * const refusal = new ConnectError("no such trip", Code.NotFound);
 * const wrapped = new Error("the call failed", { cause: refusal });
 * findCause(wrapped, (cause) => cause instanceof ConnectError); // refusal
 */
export function findCause<E>(
  error: unknown,
  accepts: (cause: unknown) => cause is E,
): E | undefined {
  let cause = error;
  try {
    for (let depth = 0; depth < maxDepth; depth++) {
      if (accepts(cause)) return cause;
      if (!(cause instanceof Error)) return undefined;
      cause = cause.cause;
    }
  } catch {
    // A getter or a proxy throws, and nothing behind it can be read.
  }
  return undefined;
}
