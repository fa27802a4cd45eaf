import type { GroupDeclaration } from "@fanfare/bus";
import { callJetStream } from "../connection/call-jetstream.ts";
import { withConnection } from "../connection/with-connection.ts";
import { ensureDeadLetterStream } from "../dead-letters/dead-letter-stream.ts";
import { ensureFailureStream } from "../failures/failure-stream.ts";
import { declareConsumer, type GroupChange, planConsumer } from "../groups/declare-consumer.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";
import { resolveSettings } from "../settings.ts";
import { checkPlan } from "./check-plan.ts";
import type { ProvisionOptions } from "./provision-topics.ts";

/** A consumer group to provision. */
export interface ProvisionedGroup extends Pick<GroupDeclaration, "group" | "topics"> {
  /** Where a new group starts. Default: "now". */
  readonly from?: GroupDeclaration["from"];
  /** The lease duration with which its processes subscribe, in milliseconds. Default: 10,000. */
  readonly leaseDurationMs?: number;
}

/** The options of `provisionGroups`. */
export interface ProvisionGroupsOptions extends Omit<ProvisionOptions, "topics" | "allowLoss"> {
  readonly groups: readonly ProvisionedGroup[];
}

/**
 * Declares consumer groups, and creates the streams of their dead letters and failures, for processes with
 * `provision: false`. The streams of the topics have to exist. Resolves to the changes. Like
 * `provisionTopics`, it changes nothing and rejects with `drift` when one group cannot be updated.
 *
 * @example
 * const groups = [{ group: "revenue", topics: ["trips.completed"], from: "start" as const }];
 * await provisionGroups({ servers }, { groups });
 */
export async function provisionGroups(
  options: NatsBrokerOptions,
  { groups, dryRun = false, timeoutMs = 30_000 }: ProvisionGroupsOptions,
): Promise<readonly GroupChange[]> {
  const settings = resolveSettings({ ...options, provision: true });
  return await withConnection(options, timeoutMs, async (connection, deadline) => {
    const deps = { connection, settings };
    const consumers = groups.flatMap(({ from = "now", leaseDurationMs = 10_000, ...group }) => {
      const declared: GroupDeclaration = { ...group, from, leaseDurationMs };
      return group.topics.map((topic) => ({ group: declared, topic, deadline }));
    });
    const plan = await Promise.all(consumers.map((consumer) => planConsumer(deps, consumer)));
    if (dryRun) return plan;
    checkPlan(plan, "consumers");
    await Promise.all(consumers.map((consumer) => declareConsumer(deps, consumer)));
    const names = Array.from(new Set(groups.map(({ group }) => group)));
    const about = "cannot create the streams of dead letters and failures";
    await callJetStream(connection, { about, deadline }, async (api) => {
      const ensured = names.flatMap((group) => [
        ensureDeadLetterStream(api, settings, group),
        ensureFailureStream(api, settings, group),
      ]);
      await Promise.all(ensured);
    });
    return plan;
  });
}
