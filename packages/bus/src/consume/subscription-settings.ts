import type { StartPosition } from "../broker.ts";
import { BusError } from "../error.ts";
import { createBackoff } from "../kit/backoff.ts";
import { checkAtLeast } from "../kit/check-at-least.ts";
import type { Classify } from "./classify-failure.ts";
import type { EventLoss } from "./event-loss.ts";
import type { HandlerFailure } from "./handler-failure.ts";
import type { SubscribeOptions } from "./subscribe-options.ts";

/** The options of a subscription, checked and complete. */
export interface SubscriptionSettings {
  readonly from: StartPosition;
  readonly concurrency: number;
  readonly prefetch: number;
  readonly handlerTimeoutMs: number;
  readonly leaseDurationMs: number;
  /** Returns the delay after failed attempt n, in milliseconds. */
  readonly backoff: (attempt: number) => number;
  readonly maxAttempts: number;
  readonly classify: Classify | undefined;
  /** How long after it was stored an event of an unknown type is left to other processes. */
  readonly unknownTypeGraceMs: number;
  readonly strict: boolean;
  /** How many events may wait for slow keys, and how many for one. */
  readonly maxBlocked: number;
  readonly maxBlockedPerKey: number;
  readonly onFailure: ((failure: HandlerFailure) => void) | undefined;
  readonly onDataLoss: ((loss: EventLoss) => void) | undefined;
  readonly confirmAcks: boolean;
}

/** Completes the options with their defaults. Throws `invalid_argument`. */
export function resolveSettings(options: SubscribeOptions): SubscriptionSettings {
  const { from = "now" } = options;
  if (from instanceof Date && Number.isNaN(from.getTime())) {
    throw new BusError(
      "invalid_argument",
      'from is an invalid date: pass a valid Date, "now" or "start"',
    );
  }
  return {
    from,
    concurrency: checkAtLeast(1, "concurrency", options.concurrency ?? 16),
    prefetch: checkAtLeast(0, "prefetch", options.prefetch ?? 32),
    handlerTimeoutMs: checkAtLeast(1, "handlerTimeoutMs", options.handlerTimeoutMs ?? 30_000),
    leaseDurationMs: checkAtLeast(100, "leaseDurationMs", options.leaseDurationMs ?? 10_000),
    backoff: createBackoff(options.backoff ?? {}),
    maxAttempts: checkAtLeast(1, "maxAttempts", options.maxAttempts ?? 8),
    classify: options.classify,
    unknownTypeGraceMs: checkGracePeriod(options.unknownTypeGraceMs ?? 600_000),
    strict: options.order === "strict",
    maxBlocked: checkAtLeast(0, "maxBlocked", options.maxBlocked ?? 1_000),
    maxBlockedPerKey: checkAtLeast(0, "maxBlockedPerKey", options.maxBlockedPerKey ?? 100),
    onFailure: options.onFailure,
    onDataLoss: options.onDataLoss,
    confirmAcks: options.confirmAcks ?? false,
  };
}

function checkGracePeriod(value: number): number {
  return value === Infinity ? value : checkAtLeast(0, "unknownTypeGraceMs", value);
}
