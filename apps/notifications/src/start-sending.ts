import { type SendOptions, sendReceipts } from "./send-receipts.ts";
import { type Loop, startLoop } from "./start-loop.ts";

/**
 * Starts a loop that sends receipts soon after the transaction that stored them, until it is closed. What is being
 * sent then becomes due again. While the database is unavailable, it retries with backoff.
 */
export function startSending(options: Omit<SendOptions, "signal">): Loop {
  return startLoop({
    run: (signal) => sendReceipts({ ...options, signal }),
    logger: options.logger,
    failure: "receipts not read or marked, will retry",
  });
}
