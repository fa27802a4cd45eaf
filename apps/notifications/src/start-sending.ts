import { setTimeout as sleep } from "node:timers/promises";
import { maxBatchSize, type SendOptions, sendReceipts } from "./send-receipts.ts";

const pollIntervalMs = 500;
const maxIntervalMs = 10_000;

/**
 * Starts a loop that sends receipts soon after the transaction that stored them, until it is closed.
 * While the database is unavailable, it retries with backoff.
 */
export function startSending(options: Omit<SendOptions, "signal">) {
  const stop = new AbortController();
  const loop = sendUntilAborted({ ...options, signal: stop.signal });
  return {
    /** Aborts what is being sent, which becomes due again. Resolves when the loop has ended. */
    async close(): Promise<void> {
      stop.abort(new Error("the process is stopping"));
      await loop;
    },
  };
}

async function sendUntilAborted(options: SendOptions): Promise<void> {
  const { logger, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    let sent = 0;
    try {
      sent = await sendReceipts(options);
      failures = 0;
    } catch (error) {
      failures += 1;
      logger.warn({ err: error, failures }, "receipts not read or marked, will retry");
    }
    if (sent === maxBatchSize) continue;
    const delayMs = Math.min(maxIntervalMs, pollIntervalMs * 2 ** failures);
    await sleep(delayMs, undefined, { signal }).catch(() => {});
  }
}
