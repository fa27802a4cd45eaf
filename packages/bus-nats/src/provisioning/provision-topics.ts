import { withConnection } from "../connection/with-connection.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";
import { resolveSettings } from "../settings.ts";
import { createTopicStreams, type TopicChange } from "../streams/topic-streams.ts";
import { checkPlan } from "./check-plan.ts";

/** The options of `provisionTopics`. */
export interface ProvisionOptions {
  readonly topics: readonly string[];
  /** Returns the plan without changing anything. Default: false. */
  readonly dryRun?: boolean;
  /** Allows changes that may delete events or forget ids, such as a shorter age. Default: false. */
  readonly allowLoss?: boolean;
  /** The timeout of the whole call, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
}

/**
 * Creates or updates the streams of topics, over a connection of its own, and resolves to the changes.
 * Compares all of them first: when one cannot be updated it changes none, and rejects with `drift` and
 * the differences. With `dryRun` it resolves to the plan, including what it would refuse.
 *
 * @example
 * const plan = await provisionTopics({ servers }, { topics: ["trips.completed"], dryRun: true });
 * for (const { stream, action, differences } of plan) console.log(stream, action, ...differences);
 */
export async function provisionTopics(
  options: NatsBrokerOptions,
  { topics, dryRun = false, allowLoss = false, timeoutMs = 30_000 }: ProvisionOptions,
): Promise<readonly TopicChange[]> {
  const settings = resolveSettings(options);
  return await withConnection(options, timeoutMs, async (connection, deadline) => {
    const streams = createTopicStreams(connection, settings);
    const provisionAll = (how: { readonly dryRun: boolean }) =>
      Promise.all(topics.map((topic) => streams.provision(topic, { deadline, allowLoss, ...how })));
    const plan = await provisionAll({ dryRun: true });
    if (dryRun) return plan;
    checkPlan(plan, "streams");
    return await provisionAll({ dryRun: false });
  });
}
