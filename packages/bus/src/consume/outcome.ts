import { BusError } from "../error.ts";

/** DeadLetterCause is why an event was given up. */
export type DeadLetterCause = "undecodable" | "permanent" | "attempts" | "poison";

/** Outcome is what becomes of an event whose handler failed. */
export type Outcome =
  | { readonly kind: "pause" }
  | { readonly kind: "retry" }
  | { readonly kind: "dead-letter"; readonly cause: DeadLetterCause };

/** outcomeOf decides by what the handler threw, and by which attempt of how many it was. */
export function outcomeOf(
  reason: unknown,
  { attempt, maxAttempts }: { readonly attempt: number; readonly maxAttempts: number },
): Outcome {
  const code = reason instanceof BusError ? reason.code : undefined;
  if (code === "unavailable") return { kind: "pause" };
  if (code === "undecodable" || code === "permanent") return { kind: "dead-letter", cause: code };
  return attempt >= maxAttempts ? { kind: "dead-letter", cause: "attempts" } : { kind: "retry" };
}

/**
 * isPoison says whether an event was handed out so often, far beyond its attempts, that its handler
 * must be ending the process: events given back at deploys come nowhere near.
 */
export function isPoison(attempt: number, maxAttempts: number): boolean {
  return attempt > Math.max(20, 5 * maxAttempts);
}
