/** Something that can be stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Stops everything that has started, and waits for what is still starting. Ignores failed starts. */
export async function stopAll(starting: readonly Promise<Stoppable>[]): Promise<void> {
  await Promise.all(starting.map(stopOne));
}

async function stopOne(starting: Promise<Stoppable>): Promise<void> {
  const started = await starting.catch(() => undefined);
  await started?.stop();
}
