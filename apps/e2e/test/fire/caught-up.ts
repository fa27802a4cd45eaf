import { waitUntil } from "@fanfare/dev-stack";

export interface CatchingUp {
  /** How many effects are missing; rejects while a server is away. */
  readonly behind: () => Promise<number>;
  readonly below: number;
}

/**
 * caughtUp waits until fewer than `below` effects are missing, however long that takes, for as long
 * as they become fewer.
 */
export async function caughtUp({ behind, below }: CatchingUp): Promise<void> {
  let missing = Number.POSITIVE_INFINITY;
  while (missing >= below) missing = await fewerThan(missing, behind);
}

async function fewerThan(before: number, behind: () => Promise<number>): Promise<number> {
  const { missing } = await waitUntil(
    async () => {
      const now = await behind();
      return now < before && { missing: now };
    },
    { what: `fewer than ${before} effects to be missing`, timeoutMs: 120_000, intervalMs: 100 },
  );
  return missing;
}
