import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/** Options of `retryWhileUnavailable`. */
export interface RetryOptions {
  /** The pause between two calls. Default: 0. */
  readonly intervalMs?: number;
  /** The time after which an unavailable answer is final. Default: 60 s. */
  readonly timeoutMs?: number;
}

/**
 * Repeats a call while it fails as unavailable, as the clients of these services do, and returns its
 * answer. Rejects with any other error, and with the last one after the timeout.
 */
export async function retryWhileUnavailable<T>(
  call: () => Promise<T>,
  { intervalMs = 0, timeoutMs = 60_000 }: RetryOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const unavailable = ConnectError.from(error).code === Code.Unavailable;
      if (!unavailable || performance.now() > deadline) throw error;
    }
    await sleep(intervalMs);
  }
}
