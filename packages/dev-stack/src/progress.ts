/** Progress is told, in words for a person, what is being found, downloaded or built. */
export type Progress = (line: string) => void;

/**
 * reportLong does a piece of work that may take minutes and tells that it began, every 15 s that it
 * goes on, and that it is done, each with the time it has taken.
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
