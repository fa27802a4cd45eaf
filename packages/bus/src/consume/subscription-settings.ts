import type { StartPosition } from "../broker.ts";
import type { HandlerFailure, SubscribeOptions } from "../bus.ts";
import { BusError } from "../error.ts";
import { createBackoff } from "../kit/backoff.ts";
import { checkAtLeast } from "../kit/check-at-least.ts";

/** SubscriptionSettings are SubscribeOptions, checked and complete. */
export interface SubscriptionSettings {
  readonly from: StartPosition;
  readonly concurrency: number;
  readonly prefetch: number;
  readonly handlerTimeoutMs: number;
  readonly leaseDurationMs: number;
  /** What to wait after attempt n, in milliseconds. */
  readonly backoff: (attempt: number) => number;
  readonly maxAttempts: number;
  readonly strict: boolean;
  /** How many events may be held back behind failed ones. */
  readonly maxBlocked: number;
  readonly onFailure: ((failure: HandlerFailure) => void) | undefined;
  readonly confirmAcks: boolean;
}

const groupName = /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/;
const groupNameLimit = 64;

/** checkGroup throws `invalid_argument` for a name that a broker could not take. */
export function checkGroup(group: string): void {
  if (groupName.test(group) && group.length <= groupNameLimit) return;
  throw new BusError(
    "invalid_argument",
    `"${group}" cannot name a group: use lower-case letters and digits, joined by - or _, at most ${groupNameLimit} characters`,
  );
}

/** settingsOf completes the options. Throws `invalid_argument`. */
export function settingsOf(options: SubscribeOptions): SubscriptionSettings {
  const { from = "now" } = options;
  if (from instanceof Date && Number.isNaN(from.getTime())) {
    throw new BusError("invalid_argument", "from is an invalid date");
  }
  return {
    from,
    concurrency: checkAtLeast(1, "concurrency", options.concurrency ?? 16),
    prefetch: checkAtLeast(0, "prefetch", options.prefetch ?? 32),
    handlerTimeoutMs: checkAtLeast(1, "handlerTimeoutMs", options.handlerTimeoutMs ?? 30_000),
    leaseDurationMs: checkAtLeast(100, "leaseDurationMs", options.leaseDurationMs ?? 10_000),
    backoff: createBackoff(options.backoff ?? {}),
    maxAttempts: checkAtLeast(1, "maxAttempts", options.maxAttempts ?? 8),
    strict: options.order === "strict",
    maxBlocked: checkAtLeast(0, "maxBlocked", options.maxBlocked ?? 1_000),
    onFailure: options.onFailure,
    confirmAcks: options.confirmAcks ?? false,
  };
}
