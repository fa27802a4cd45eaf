import type { FailurePauses } from "./failure-pauses.ts";

/** Options of `handleEach`. */
export interface HandleEachOptions<Item> {
  readonly handle: (item: Item) => Promise<void>;
  /** Identifies an item in the next call. */
  readonly getKey: (item: Item) => string;
  readonly pauses: FailurePauses;
}

/** After so many failures in a row, whatever all items need is down. */
const maxFailuresInARow = 3;

/**
 * Handles the items one after another until the signal aborts. Continues after an item that fails, and stops
 * after three failures in a row. Skips items in the pause that follows their failure, so that the next call
 * reaches the others. Throws the first failure.
 */
export async function handleEach<Item>(
  items: Iterable<Item>,
  signal: AbortSignal,
  { handle, getKey, pauses }: HandleEachOptions<Item>,
): Promise<void> {
  const failures: unknown[] = [];
  let inARow = 0;
  for (const item of items) {
    if (signal.aborted) return;
    const key = getKey(item);
    if (pauses.isPaused(key)) continue;
    try {
      await handle(item);
      pauses.succeed(key);
      inARow = 0;
    } catch (error) {
      pauses.fail(key);
      failures.push(error);
      inARow += 1;
      if (inARow === maxFailuresInARow) break;
    }
  }
  if (failures.length > 0) throw failures[0];
}
