import type { DeadLetterCause } from "../dead-letters/dead-letter-cause.ts";
import { BusError } from "../error.ts";
import { readError } from "./read-error.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";

/** What follows from an attempt. */
export type Verdict =
  /** The handler succeeded. */
  | { readonly kind: "ack" }
  /** The attempt failed: the next one follows after the delay. */
  | { readonly kind: "retry"; readonly error: Error; readonly delayMs: number }
  /** The event is not delivered to the group any more. */
  | { readonly kind: "dead-letter"; readonly error: Error; readonly cause: DeadLetterCause }
  /** A dependency of the handler is unavailable: no attempt is counted. */
  | { readonly kind: "pause"; readonly error: Error }
  /** The broker may deliver the event again after the delay; no attempt is counted. */
  | { readonly kind: "release"; readonly delayMs: number }
  /** The event was settled before its handler returned: nothing is left to do. */
  | { readonly kind: "abandon" };

/** The verdict on an attempt that succeeded. */
export const ack: Verdict = { kind: "ack" };

/** The verdict that settles nothing. */
export const abandon: Verdict = { kind: "abandon" };

/** What decides on a failed attempt, apart from its error. */
export type RetryPolicy = Pick<SubscriptionSettings, "maxAttempts" | "backoff">;

/** Decides on a failed attempt, from 1, by what its handler threw. */
export function judgeFailure(
  reason: unknown,
  attempt: number,
  { maxAttempts, backoff }: RetryPolicy,
): Verdict {
  const error = readError(reason);
  const code = error instanceof BusError ? error.code : undefined;
  if (code === "unavailable") return { kind: "pause", error };
  if (code === "undecodable" || code === "permanent") {
    return { kind: "dead-letter", error, cause: code };
  }
  if (attempt >= maxAttempts) return { kind: "dead-letter", error, cause: "attempts" };
  return { kind: "retry", error, delayMs: backoff(attempt) };
}

/**
 * Returns whether an event was delivered so much more often than its attempts allow that its handler has
 * to be ending the process. Releases at deploys do not add up to that many.
 */
export function isPoison(attempt: number, maxAttempts: number): boolean {
  return attempt > Math.max(20, 5 * maxAttempts);
}

/** Dead-letters a poison message without calling its handler. */
export function judgePoison(attempt: number): Verdict {
  const error = new BusError(
    "permanent",
    `the event was delivered ${attempt} times and never settled: its handler may end the process`,
  );
  return { kind: "dead-letter", error, cause: "poison" };
}
