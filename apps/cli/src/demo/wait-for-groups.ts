import { waitUntil } from "@fanfare/dev-stack";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

/**
 * Waits until each group has handled every event in the streams. An event that was published before the
 * call and has no effect afterwards will never have one: so the demo can tell "none" from "not yet".
 */
export async function waitForGroups(options: {
  readonly natsUrl: string;
  readonly streams: readonly string[];
  readonly groups: readonly string[];
  readonly signal: AbortSignal;
}): Promise<void> {
  const { natsUrl, streams, groups, signal } = options;
  const connection = await connect({ servers: natsUrl });
  try {
    const manager = await jetstreamManager(connection);
    const findBusyGroups = async (): Promise<string[]> => {
      const done = new Set<string>();
      for (const stream of streams) {
        for await (const { config, num_pending, num_ack_pending } of manager.consumers.list(
          stream,
        )) {
          const group = config.metadata?.["fanfare.group"];
          if (group !== undefined && num_pending === 0 && num_ack_pending === 0) done.add(group);
        }
      }
      return groups.filter((group) => !done.has(group));
    };
    const what = "every group to handle every event";
    await waitUntil(async () => (await findBusyGroups()).length === 0, {
      what,
      intervalMs: 50,
      signal,
    });
  } finally {
    await connection.close();
  }
}
