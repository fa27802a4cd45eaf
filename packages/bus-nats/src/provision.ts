import { BusError, type GroupDeclaration } from "@fanfare/bus";
import { callApi } from "./api.ts";
import { declareConsumer, type GroupChange, planConsumer } from "./consumers.ts";
import { ensureDeadStream } from "./dead-stream.ts";
import { type Link, openLink } from "./link.ts";
import { type NatsOptions, settingsOf } from "./settings.ts";
import { createStreams, type TopicChange } from "./streams.ts";

/** ProvisionOptions says which topics to provision and how far to go. */
export interface ProvisionOptions {
  readonly topics: readonly string[];
  /** Say what would change, and change nothing. Default: false. */
  readonly dryRun?: boolean;
  /** Allow changes that may delete events or forget their ids, such as a shorter age. Default: false. */
  readonly allowLoss?: boolean;
  /** How long all of it may take, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
}

/**
 * provisionTopics makes the stream of each topic, or brings it up to date, over a connection of its
 * own. It looks at all of them first: when one is to be refused, it changes none and rejects with
 * `drift`, naming what differs. With `dryRun` it resolves with the plan, refusals included.
 */
export async function provisionTopics(
  options: NatsOptions,
  { topics, dryRun = false, allowLoss = false, timeoutMs = 30_000 }: ProvisionOptions,
): Promise<readonly TopicChange[]> {
  return await overLink(options, timeoutMs, async (link, until) => {
    const streams = createStreams(link, settingsOf(options));
    const each = (dry: boolean) =>
      Promise.all(
        topics.map((topic) => streams.provision(topic, { until, dryRun: dry, allowLoss })),
      );
    const plan = await each(true);
    if (dryRun) return plan;
    refuse(plan, "streams");
    return await each(false);
  });
}

/** ProvisionedGroup is a group that is to be there before its processes are. */
export interface ProvisionedGroup extends Pick<GroupDeclaration, "group" | "topics"> {
  /** Where a group that does not exist yet begins. Default: "now". */
  readonly from?: GroupDeclaration["from"];
  /** As its processes subscribe with, in milliseconds. Default: 10,000, as theirs. */
  readonly leaseDurationMs?: number;
}

/** ProvisionGroupsOptions says which groups to provision. */
export interface ProvisionGroupsOptions extends Omit<ProvisionOptions, "topics" | "allowLoss"> {
  readonly groups: readonly ProvisionedGroup[];
}

/**
 * provisionGroups declares groups ahead of time, in streams that are there, for processes which may
 * not do it themselves, and makes the streams of their dead letters. As with provisionTopics, one that is to be refused leaves all unchanged.
 */
export async function provisionGroups(
  options: NatsOptions,
  { groups, dryRun = false, timeoutMs = 30_000 }: ProvisionGroupsOptions,
): Promise<readonly GroupChange[]> {
  return await overLink(options, timeoutMs, async (link, until) => {
    const deps = { link, settings: settingsOf({ ...options, provision: true }) };
    const all = groups.flatMap(({ from = "now", leaseDurationMs = 10_000, ...group }) =>
      group.topics.map((topic) => ({ group: { ...group, from, leaseDurationMs }, topic, until })),
    );
    const plan = await Promise.all(all.map((one) => planConsumer(deps, one)));
    if (dryRun) return plan;
    refuse(plan, "consumers");
    await Promise.all(all.map((one) => declareConsumer(deps, one)));
    const names = new Set(groups.map(({ group }) => group));
    const about = "cannot make the streams of dead letters";
    await callApi(link, { about, until }, async (api) => {
      await Promise.all(Array.from(names, (group) => ensureDeadStream(api, deps.settings, group)));
    });
    return plan;
  });
}

async function overLink<T>(
  options: NatsOptions,
  timeoutMs: number,
  run: (link: Link, until: { readonly deadlineAt: number }) => Promise<T>,
): Promise<T> {
  const until = { deadlineAt: Date.now() + timeoutMs };
  const link = openLink(options);
  try {
    await link.connected(until);
    return await run(link, until);
  } finally {
    await link.close({ deadlineAt: Date.now() + 1_000 });
  }
}

function refuse(plan: readonly (TopicChange | GroupChange)[], what: string): void {
  const refused = plan.filter(({ action }) => action === "refuse");
  if (refused.length === 0) return;
  const reasons = refused.map(({ stream, differences }) => `${stream}: ${differences.join("; ")}`);
  throw new BusError("drift", `nothing is provisioned, as ${what} differ: ${reasons.join(". ")}`);
}
