import { setTimeout as sleep } from "node:timers/promises";
import { type SendOptions, sendBatch, sendReceipts } from "./send-receipts.ts";

const restMs = 500;
const longestRestMs = 10_000;

/**
 * startSending sends receipts soon after the transaction that wrote them, until it is closed. It
 * outlives a lost database.
 */
export function startSending(options: Omit<SendOptions, "signal">) {
  const stop = new AbortController();
  const loop = keepSending({ ...options, signal: stop.signal });
  return {
    /** close gives up what is being sent; it is due again soon. */
    async close(): Promise<void> {
      stop.abort(new Error("the process is stopping"));
      await loop;
    },
  };
}

async function keepSending(options: SendOptions): Promise<void> {
  const { logger, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    let sent = 0;
    try {
      sent = await sendReceipts(options);
      failures = 0;
    } catch (error) {
      failures += 1;
      logger.warn({ err: error, failures }, "receipts could not be read or marked");
    }
    if (sent === sendBatch) continue;
    const delayMs = Math.min(longestRestMs, restMs * 2 ** failures);
    await sleep(delayMs, undefined, { signal }).catch(() => {});
  }
}
