import type { DeadLetterCause } from "../dead-letters/dead-letter-cause.ts";
import { BusError } from "../error.ts";
import type { FailureClass } from "./classify-failure.ts";
import type { InFlightEvent } from "./in-flight-event.ts";
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
  /** A dependency of the handler is unavailable: no failure is counted. */
  | { readonly kind: "pause"; readonly error: Error }
  /** The broker may deliver the event again after the delay; no failure is counted. */
  | { readonly kind: "release"; readonly delayMs: number; readonly error?: Error }
  /** The event was settled before its handler returned: nothing is left to do. */
  | { readonly kind: "abandon" };

/** The verdict on an attempt that succeeded. */
export const ack: Verdict = { kind: "ack" };

/** The verdict that settles nothing. */
export const abandon: Verdict = { kind: "abandon" };

/** What decides on a failed attempt, apart from its error. */
export type RetryPolicy = Pick<SubscriptionSettings, "maxAttempts" | "backoff">;

/** Decides on a failed attempt, from 1, by the class of its failure. */
export function judgeFailure(
  reason: unknown,
  { attempt, kind }: { readonly attempt: number; readonly kind: FailureClass },
  { maxAttempts, backoff }: RetryPolicy,
): Verdict {
  const error = readError(reason);
  if (kind === "pause") return { kind, error };
  if (kind === "dead-letter") return { kind, error, cause: "permanent" };
  if (attempt >= maxAttempts) return { kind: "dead-letter", error, cause: "attempts" };
  return { kind: "retry", error, delayMs: backoff(attempt) };
}

/**
 * Returns whether an event was delivered so much more often than its attempts allow that its handler may
 * end the process. Releases add up to that as well, so its attempts decide.
 */
export function isSuspect(deliveries: number, maxAttempts: number): boolean {
  return deliveries > Math.max(20, 5 * maxAttempts);
}

/** Dead-letters a poison message without calling its handler. */
export function judgePoison({ lease, failures = 0 }: InFlightEvent): Verdict {
  const error = new BusError(
    "internal",
    `the event was delivered ${lease.deliveries} times, and the last ${failures} attempts never ended: its handler may end the process`,
  );
  return { kind: "dead-letter", error, cause: "poison" };
}
