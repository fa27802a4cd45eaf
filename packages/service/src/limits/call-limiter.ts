import type { HandlerContext } from "@connectrpc/connect";
import type { Caller } from "../auth/caller.ts";
import { addressKey, closedKey } from "../server/call-context.ts";
import type { CallerLimits } from "./caller-limits.ts";
import { createExhaustedError } from "./exhausted-error.ts";
import { createTokenBuckets } from "./token-buckets.ts";

/** The limits of the calls of a server. */
export interface CallLimits {
  readonly ofCaller: (caller: Caller) => CallerLimits;
  /** Those of an address, for calls without a valid token. */
  readonly ofAnonymous: CallerLimits;
  /** Streams of all callers. */
  readonly maxStreams: number;
}

/** Limits calls. Each function throws a ConnectError `resource_exhausted` with a retry hint. */
export interface CallLimiter {
  /** Counts a call without a valid token against its address. Throws when the address had too many. */
  countAnonymous(context: HandlerContext): void;
  /** Admits a call of an authenticated caller until its response is closed. */
  admit(context: HandlerContext, caller: Caller): void;
  /** Admits a call that requires no token until its response is closed. */
  admitAnonymous(context: HandlerContext): void;
}

const maxKeys = 10_000;
const streamRetryMs = 1000;

/** Creates the limiter of a server. It counts in the memory of this process. */
export function createCallLimiter(limits: CallLimits): CallLimiter {
  const buckets = createTokenBuckets(maxKeys);
  const calls = new Map<string, number>();
  const streams = new Map<string, number>();
  let allStreams = 0;

  /** Counts a call in its map until its response is closed. */
  function hold(context: HandlerContext, counts: Map<string, number>, key: string): void {
    const isStream = counts === streams;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (isStream) allStreams += 1;
    const release = () => {
      const left = (counts.get(key) ?? 0) - 1;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
      if (isStream) allStreams -= 1;
    };
    const closed = context.values.get(closedKey);
    if (closed.aborted) release();
    else closed.addEventListener("abort", release, { once: true });
  }

  function enter(context: HandlerContext, key: string, own: CallerLimits): void {
    const waitMs = buckets.take(key, toRate(own));
    if (waitMs > 0) {
      throw createExhaustedError(`more than ${own.callsPerSecond} calls per second`, waitMs);
    }
    const isStream = context.method.methodKind !== "unary";
    const counts = isStream ? streams : calls;
    const max = isStream ? own.maxStreams : own.maxCalls;
    if ((counts.get(key) ?? 0) >= max) {
      const what = isStream ? "streams are open" : "calls are in flight";
      throw createExhaustedError(`${max} ${what}, as many as one caller may have`, streamRetryMs);
    }
    if (isStream && allStreams >= limits.maxStreams) {
      throw createExhaustedError("too many streams are open on this server", streamRetryMs);
    }
    hold(context, counts, key);
  }

  return {
    countAnonymous(context) {
      const waitMs = buckets.take(toAddressKey(context), toRate(limits.ofAnonymous));
      if (waitMs > 0) {
        throw createExhaustedError("too many calls of this address had no valid token", waitMs);
      }
    },
    admit: (context, caller) =>
      enter(context, `${caller.role} ${caller.subject}`, limits.ofCaller(caller)),
    admitAnonymous: (context) => enter(context, toAddressKey(context), limits.ofAnonymous),
  };
}

const toAddressKey = ({ values }: HandlerContext) => `address ${values.get(addressKey)}`;

const toRate = ({ callsPerSecond }: CallerLimits) => ({
  perSecond: callsPerSecond,
  burst: callsPerSecond * 10,
});
