import { BusError } from "./error.ts";

/** DeathCause is why an event was given up. */
export type DeathCause = "undecodable" | "permanent" | "attempts" | "poison";

/** Outcome is what becomes of an event whose handler failed. */
export type Outcome =
  | { readonly kind: "outage" }
  | { readonly kind: "retry" }
  | { readonly kind: "dead"; readonly cause: DeathCause };

/** outcomeOf decides by what the handler threw, and by which attempt of how many it was. */
export function outcomeOf(
  reason: unknown,
  { attempt, attempts }: { readonly attempt: number; readonly attempts: number },
): Outcome {
  const code = reason instanceof BusError ? reason.code : undefined;
  if (code === "unavailable") return { kind: "outage" };
  if (code === "undecodable" || code === "permanent") return { kind: "dead", cause: code };
  return attempt >= attempts ? { kind: "dead", cause: "attempts" } : { kind: "retry" };
}

/**
 * isPoison says whether an event was handed out so often, far beyond its attempts, that its handler
 * must be ending the process: events given back at deploys come nowhere near.
 */
export function isPoison(attempt: number, attempts: number): boolean {
  return attempt > Math.max(20, 5 * attempts);
}
