import { waitUntil } from "@fanfare/dev-stack";

export interface CatchUpOptions {
  /** How many effects are missing; rejects while a server is away. */
  readonly countMissing: () => Promise<number>;
  readonly below: number;
}

/**
 * caughtUp waits until fewer than `below` effects are missing, however long that takes, for as long
 * as they become fewer.
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
