/** backoffMs is how long to wait after the nth failure (from 1): doubling, less up to a fifth. */
export function backoffMs(
  failures: number,
  initialIntervalMs = 250,
  maxIntervalMs = 5_000,
): number {
  return (
    Math.min(maxIntervalMs, initialIntervalMs * 2 ** (failures - 1)) * (1 - Math.random() * 0.2)
  );
}
