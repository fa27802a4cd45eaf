import { Code, ConnectError } from "@connectrpc/connect";
import type { Caller } from "../auth/caller.ts";

/** The longest delay of a timer of Node.js, in milliseconds. */
const maxDelayMs = 2 ** 31 - 1;

/** A signal of a stream that aborts when the token of its caller expires. Dispose of it when the stream ends. */
export interface TokenExpiry extends Disposable {
  readonly signal: AbortSignal;
}

/** Creates a signal that aborts with `signal`, or with `unauthenticated` when the token of the caller expires. */
export function expireWithToken(signal: AbortSignal, caller: Caller | undefined): TokenExpiry {
  const leftMs = (caller?.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now();
  if (!(leftMs <= maxDelayMs)) return { signal, [Symbol.dispose]() {} };
  const expired = new AbortController();
  const timer = setTimeout(
    () => {
      const message = "the token has expired: request a new one and call again";
      expired.abort(new ConnectError(message, Code.Unauthenticated));
    },
    Math.max(leftMs, 0),
  );
  return {
    signal: AbortSignal.any([signal, expired.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
