import { waitUntil } from "@fanfare/dev-stack";

/** Options of {@link waitUntilCaughtUp}. */
export interface CatchUpOptions {
  /** Returns the number of missing effects. Rejects while a server is down. */
  readonly countMissing: () => Promise<number>;
  /** Stops waiting once fewer effects are missing. */
  readonly below: number;
}

/**
 * Waits until fewer than `below` effects are missing. Has no timeout as long as their number decreases;
 * rejects when it does not decrease for two minutes.
 */
export async function waitUntilCaughtUp({ countMissing, below }: CatchUpOptions): Promise<void> {
  let missing = Number.POSITIVE_INFINITY;
  while (missing >= below) missing = await waitForFewer(missing, countMissing);
}

async function waitForFewer(before: number, countMissing: () => Promise<number>): Promise<number> {
  const { missing } = await waitUntil(
    async () => {
      const now = await countMissing();
      return now < before && { missing: now };
    },
    { what: `fewer than ${before} effects to be missing`, timeoutMs: 120_000, intervalMs: 100 },
  );
  return missing;
}
