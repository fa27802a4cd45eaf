import { setTimeout as sleep } from "node:timers/promises";
import { type CarryOutDeps, carryOutErasure } from "./carry-out.ts";

const pollIntervalMs = 250;
const maxIntervalMs = 10_000;

/**
 * Starts a loop that carries out erasures until it is closed. While the database is unavailable, it retries with
 * backoff.
 */
export function startErasing(deps: CarryOutDeps) {
  const stop = new AbortController();
  const loop = eraseUntilAborted(deps, stop.signal);
  return {
    /** Resolves when the round that is under way has ended. */
    async close(): Promise<void> {
      stop.abort();
      await loop;
    },
  };
}

async function eraseUntilAborted(deps: CarryOutDeps, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (await carryOutErasure(deps)) continue;
      failures = 0;
    } catch (error) {
      failures += 1;
      deps.logger.warn({ err: error, failures }, "erasures not read or recorded, will retry");
    }
    const delayMs = Math.min(maxIntervalMs, pollIntervalMs * 2 ** failures);
    await sleep(delayMs, undefined, { signal }).catch(() => {});
  }
}
