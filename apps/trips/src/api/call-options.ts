import type { HandlerContext } from "@connectrpc/connect";
import type { CallOptions } from "../temporal/trip-workflows.ts";

/** The part of a call's time that is kept to read the registry and answer. */
const reservedMs = 500;
const defaultTimeoutMs = 60_000;

/**
 * How long a handler waits for the progress of a workflow, in milliseconds. Without a worker no query is
 * answered, and the caller should learn that early.
 */
export const progressTimeoutMs = 5_000;

/**
 * Returns how long a handler may wait for a workflow: the time left of its call less a reserve, and
 * `maxTimeoutMs` at most.
 */
export function createCallOptions(
  context: Pick<HandlerContext, "timeoutMs" | "signal">,
  maxTimeoutMs: number = defaultTimeoutMs,
): CallOptions {
  const leftMs = (context.timeoutMs() ?? defaultTimeoutMs) - reservedMs;
  return { timeoutMs: Math.max(1, Math.min(leftMs, maxTimeoutMs)), signal: context.signal };
}
