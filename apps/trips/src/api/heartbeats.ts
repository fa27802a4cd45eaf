/** What a stream with heartbeats yields while its source yields nothing. */
export const heartbeat: unique symbol = Symbol("heartbeat");

/**
 * Yields what a source yields, and a heartbeat after each `intervalMs` without anything. The signal of the
 * source aborts with `signal` and when the stream is left.
 */
export async function* addHeartbeats<T>(
  open: (signal: AbortSignal) => AsyncGenerator<T>,
  { intervalMs, signal }: { readonly intervalMs: number; readonly signal: AbortSignal },
): AsyncGenerator<T | typeof heartbeat> {
  const left = new AbortController();
  const source = open(AbortSignal.any([signal, left.signal]));
  try {
    let next = source.next();
    for (;;) {
      const result = await waitAtMost(next, intervalMs);
      if (result === undefined) {
        yield heartbeat;
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      next = source.next();
    }
  } finally {
    left.abort();
    await source.return(undefined);
  }
}

/** Returns the result of a promise, or undefined when it takes longer. */
async function waitAtMost<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: elapsed, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([promise, elapsed]);
  } finally {
    clearTimeout(timer);
  }
}
