interface Story {
  readonly story: string;
  readonly skipped?: boolean;
}

/** Reads which stories the demo told, from its JSON. Throws when it failed. */
export function readStories(output: string): readonly string[] {
  const { ok, trips }: { ok: boolean; trips: readonly Story[] } = JSON.parse(output);
  if (!ok) throw new Error(`the demo failed: ${output}`);
  return trips.filter(({ skipped }) => !skipped).map(({ story }) => story);
}

/** The stories of a demo that may not stop the servers it runs against. */
export const storiesOfRunning = ["completed", "declined", "cancelled"];
