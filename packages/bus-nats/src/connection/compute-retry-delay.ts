import { createBackoff } from "@fanfare/bus/kit";

/**
 * Returns the delay after the nth failure in a row (from 1), in milliseconds: 250 doubled up to 5,000,
 * less up to a fifth.
 */
export const computeRetryDelay = createBackoff({ initialIntervalMs: 250, maxIntervalMs: 5_000 });

/**
 * Returns the delay before a publish is sent again, in milliseconds: 250 doubled up to 1,000, less up to
 * a fifth. An election takes seconds, and a publish has seconds.
 */
export const computePublishDelay = createBackoff({ initialIntervalMs: 250, maxIntervalMs: 1_000 });

/**
 * Returns how long copy n (from 1) of a request waits for its reply until it is sent again, in milliseconds:
 * 1,000 doubled up to 4,000. A server that dies after it took a request replies to nothing.
 */
export const computeReplyTimeout = createBackoff({
  initialIntervalMs: 1_000,
  maxIntervalMs: 4_000,
  jitter: 0,
});
