import { type Loop, startLoop } from "./start-loop.ts";
import { type WriteOptions, writeDrafts } from "./write-drafts.ts";

/**
 * Starts a loop that writes receipts soon after the transaction that stored their drafts, until it is closed. While
 * the database is unavailable, it retries with backoff.
 */
export function startWriting(options: Omit<WriteOptions, "signal">): Loop {
  return startLoop({
    run: (signal) => writeDrafts({ ...options, signal }),
    logger: options.logger,
    failure: "drafts of receipts not read or deleted, will retry",
  });
}
