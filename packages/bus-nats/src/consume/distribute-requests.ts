/**
 * Returns how many of `count` further requests each consumer gets: each request goes to the consumer
 * that has the fewest, the first one among equals. `outstanding` are those that they have.
 */
export function distributeRequests(count: number, outstanding: readonly number[]): number[] {
  const totals = [...outstanding];
  for (let left = count; left > 0; left -= 1) {
    let fewest = 0;
    for (let index = 1; index < totals.length; index += 1) {
      if ((totals[index] ?? 0) < (totals[fewest] ?? 0)) fewest = index;
    }
    totals[fewest] = (totals[fewest] ?? 0) + 1;
  }
  return totals.map((total, index) => total - (outstanding[index] ?? 0));
}
