import { type NatsOptions, readGroups } from "@fanfare/bus-nats";
import { waitUntil } from "@fanfare/dev-stack";
import { topics } from "@fanfare/topology";

/**
 * Waits until each group has handled every event. An event that was published before the call and has
 * no effect afterwards will never have one: so the demo can tell "none" from "not yet".
 */
export async function waitForGroups(options: {
  readonly nats: NatsOptions;
  readonly groups: readonly string[];
  readonly signal: AbortSignal;
}): Promise<void> {
  const { nats, groups, signal } = options;
  const findBusyGroups = async (): Promise<string[]> => {
    const states = await readGroups(nats, { topics });
    const isDone = (name: string) =>
      states.some(
        (state) =>
          state.group === name &&
          state.topics.length > 0 &&
          state.topics.every(({ pending, inFlight }) => pending + inFlight === 0),
      );
    return groups.filter((group) => !isDone(group));
  };
  const what = "every group to handle every event";
  await waitUntil(async () => (await findBusyGroups()).length === 0, {
    what,
    intervalMs: 100,
    signal,
  });
}
