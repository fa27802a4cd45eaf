/** After so many failures in a row, whatever all items need is down. */
const maxFailuresInARow = 3;

/**
 * Handles the items one after another until the signal aborts. Continues after an item that fails, so that
 * it does not hold up the others, and stops after three failures in a row. Throws the first failure.
 */
export async function handleEach<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  signal: AbortSignal,
  handle: (item: Item) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let inARow = 0;
  for await (const item of items) {
    if (signal.aborted) return;
    try {
      await handle(item);
      inARow = 0;
    } catch (error) {
      failures.push(error);
      inARow += 1;
      if (inARow === maxFailuresInARow) break;
    }
  }
  if (failures.length > 0) throw failures[0];
}
