export interface Stoppable {
  stop(): Promise<void>;
}

/** stopAll stops what was started, waiting for what is still starting; what failed to start is over. */
export async function stopAll(starting: readonly Promise<Stoppable>[]): Promise<void> {
  await Promise.all(starting.map(stopOne));
}

async function stopOne(starting: Promise<Stoppable>): Promise<void> {
  const started = await starting.catch(() => undefined);
  await started?.stop();
}
