/** Receives a line for a person about what is found, downloaded or built. */
export type Progress = (line: string) => void;

/**
 * Runs work that may take minutes. Reports the start, then every 15 s that it is still running, then
 * the end, with the seconds so far. Without `progress` it only runs the work.
 */
export async function withProgress<T>(
  what: string,
  work: () => Promise<T>,
  progress: Progress | undefined,
): Promise<T> {
  if (progress === undefined) return await work();
  const began = performance.now();
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`;
  progress(`${what} …`);
  const timer = setInterval(() => progress(`${what} … ${seconds()}`), 15_000);
  try {
    const result = await work();
    progress(`${what}: done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
