import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@fanfare/service";

/** SweepOptions say how often to look. */
export interface SweepOptions {
  readonly intervalMs: number;
  /** The longest pause while the database or Temporal is away. */
  readonly longestPauseMs: number;
  readonly logger: Logger;
}

/**
 * sweepUntil sweeps again and again until the signal aborts, with longer pauses while it fails. It never
 * throws.
 */
export async function sweepUntil(
  signal: AbortSignal,
  sweep: () => Promise<void>,
  { intervalMs, longestPauseMs, logger }: SweepOptions,
): Promise<void> {
  let pauseMs = intervalMs;
  while (!signal.aborted) {
    try {
      await sweep();
      pauseMs = intervalMs;
    } catch (error) {
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      logger.warn({ err: error, pauseMs }, "trips without a workflow cannot be started");
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}
