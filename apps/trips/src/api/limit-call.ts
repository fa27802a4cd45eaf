import type { HandlerContext } from "@connectrpc/connect";
import type { Call } from "../temporal/trip-workflows.ts";

/** What is left of a call's time after its workflow was waited for, to read the registry and answer. */
const marginMs = 500;
const longestMs = 60_000;

/** callOf is how long a workflow may be waited for in a call: its time, or `atMostMs` if that is less. */
export function callOf(
  context: Pick<HandlerContext, "timeoutMs" | "signal">,
  atMostMs: number = longestMs,
): Call {
  const leftMs = (context.timeoutMs() ?? longestMs) - marginMs;
  return { timeoutMs: Math.max(1, Math.min(leftMs, atMostMs)), signal: context.signal };
}
