/**
 * Calls a listener, if there is one. What it throws, or what the promise it returns rejects with, goes to
 * `onError` and has no other effect.
 *
 * @example
 * const onReady = async (port: number) => console.log(port);
 * notify(onReady, [8080], (reason) => console.warn(describeReason(reason)));
 */
export function notify<A extends readonly unknown[]>(
  listener: ((...args: A) => unknown) | undefined,
  args: A,
  onError: (reason: unknown) => void,
): void {
  try {
    const returned = listener?.(...args);
    if (isThenable(returned)) Promise.resolve(returned).catch(onError);
  } catch (reason) {
    onError(reason);
  }
}

/** Returns whether a value has to be awaited: an object or a function with a `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = typeof value === "object" && value !== null;
  return (isObject || typeof value === "function") && "then" in value;
}
