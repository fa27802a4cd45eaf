import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@fanfare/service";

/** How often a reconciler runs. */
export interface ReconcilerOptions {
  readonly intervalMs: number;
  /** The longest pause between runs while they fail. */
  readonly maxIntervalMs: number;
  readonly logger: Logger;
}

/**
 * Calls `reconcile` repeatedly until the signal aborts. The pause doubles after each failure, and is
 * `intervalMs` again after a success. Never rejects.
 */
export async function runReconciler(
  signal: AbortSignal,
  reconcile: (signal: AbortSignal) => Promise<void>,
  { intervalMs, maxIntervalMs, logger }: ReconcilerOptions,
): Promise<void> {
  let pauseMs = intervalMs;
  while (!signal.aborted) {
    try {
      await reconcile(signal);
      pauseMs = intervalMs;
    } catch (error) {
      pauseMs = Math.min(2 * pauseMs, maxIntervalMs);
      logger.warn({ err: error, pauseMs }, "trips without a workflow cannot be started");
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}
