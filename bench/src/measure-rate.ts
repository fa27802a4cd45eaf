/** Runs `total` tasks, `inFlight` at a time, and returns the tasks per second. */
export async function measureRate(
  total: number,
  inFlight: number,
  task: (number: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < total) await task((next += 1));
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (total * 1_000) / (performance.now() - start);
}
