import { formatReason } from "./format-reason.ts";

/**
 * Calls a listener, if there is one. What it throws, or what the promise that it returns rejects with,
 * goes to `onError` and has no other effect. The default emits a warning of the process, which Node.js
 * writes to stderr.
 *
 * @example
 * const onReady = async (port: number) => logger.info({ port }, "ready");
 * notify(onReady, [8080]);
 */
export function notify<A extends readonly unknown[]>(
  listener: ((...args: A) => unknown) | undefined,
  args: A,
  onError: (reason: unknown) => void = warn,
): void {
  try {
    const returned: unknown = listener?.(...args);
    if (isThenable(returned)) Promise.resolve(returned).catch(onError);
  } catch (reason) {
    onError(reason);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = typeof value === "object" && value !== null;
  return (isObject || typeof value === "function") && "then" in value;
}

function warn(reason: unknown): void {
  process.emitWarning(`a listener failed: ${formatReason(reason)}`);
}
