import { createBackoff } from "@fanfare/bus/kit";

/**
 * Returns the delay after the nth failure in a row (from 1), in milliseconds: 250 doubled up to 5,000,
 * less up to a fifth.
 */
export const computeRetryDelay = createBackoff({ initialIntervalMs: 250, maxIntervalMs: 5_000 });
