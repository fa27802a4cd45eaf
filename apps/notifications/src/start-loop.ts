import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@fanfare/service";

/** The maximum number of receipts in a batch. */
export const maxBatchSize = 10;

const pollIntervalMs = 500;
const maxIntervalMs = 10_000;

/** Options of `startLoop`. */
export interface LoopOptions {
  /** Handles what is due, one batch at most, and returns how much of it is done. */
  readonly run: (signal: AbortSignal) => Promise<number>;
  readonly logger: Logger;
  /** The message that is logged when `run` rejects. */
  readonly failure: string;
}

/** A loop that runs until it is closed. */
export interface Loop {
  /** Aborts what is running. Resolves when the loop has ended. */
  close(): Promise<void>;
}

/**
 * Starts a loop that handles what is due every 500 ms, and at once after a full batch that is done: what fails is
 * tried at most 20 times a second. While `run` rejects, the
 * interval doubles, up to 10 s.
 */
export function startLoop({ run, logger, failure }: LoopOptions): Loop {
  const stop = new AbortController();
  const { signal } = stop;
  const loop = async () => {
    let failures = 0;
    while (!signal.aborted) {
      let done = 0;
      try {
        done = await run(signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn({ err: error, failures }, failure);
      }
      if (done === maxBatchSize) continue;
      const delayMs = Math.min(maxIntervalMs, pollIntervalMs * 2 ** failures);
      await sleep(delayMs, undefined, { signal }).catch(() => {});
    }
  };
  const ended = loop();
  return {
    async close() {
      stop.abort(new Error("the process is stopping"));
      await ended;
    },
  };
}
