import { BusError, type GroupDeclaration, type StartPosition } from "@fanfare/bus";
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  ReplayPolicy,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { callApi } from "./api.ts";
import { consumerDrift } from "./consumer-drift.ts";
import { toBusError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Settings } from "./settings.ts";
import { consumerName, groupSubjects, streamName } from "./subject.ts";
import type { Until } from "./until.ts";

/** DeclaredConsumer is a group's place in one topic, as it is to be. */
interface DeclaredConsumer {
  readonly group: GroupDeclaration;
  readonly topic: string;
  readonly until: Until;
  /** The first event, by its sequence, where that is known better than `group.from` says. */
  readonly startAt?: number | undefined;
}

/**
 * declareConsumer makes the durable consumer that holds a group's place in one topic. One that is
 * there keeps its place: what differs is updated, and what cannot be updated is `drift`. It resolves
 * with the sequence up to which everything is acknowledged.
 */
export async function declareConsumer(
  deps: { readonly link: Link; readonly settings: Settings },
  declared: DeclaredConsumer,
): Promise<number> {
  const { link, settings } = deps;
  const { group, topic, until, startAt } = declared;
  const stream = streamName(settings.prefix, topic);
  const name = consumerName(group.group);
  const wanted = {
    ...consumerConfig(settings, group, topic),
    ...(startAt === undefined ? deliverFrom(group.from) : deliverAt(startAt)),
  };
  const where = `consumer ${name} of group ${group.group} in stream ${stream}`;

  const bringUpToDate = async (api: JetStreamManager, info: ConsumerInfo) => {
    const { update, refused, differences } = consumerDrift(info.config, wanted);
    if (refused.length > 0) throw new BusError("drift", `${where}: ${refused.join("; ")}`);
    if (differences.length === 0) return info;
    if (!settings.provision) {
      const message = `${where}: ${differences.join("; ")}, and this process may not change it`;
      throw new BusError("drift", message);
    }
    return await api.consumers.update(stream, name, update);
  };

  const { ack_floor } = await callApi(
    link,
    { about: `cannot declare ${where}`, until },
    async (api) => {
      const info = await findConsumer(api, stream, name);
      if (info !== undefined) return await bringUpToDate(api, info);
      if (!settings.provision) {
        const message = `${where} is missing and this process may not make it: provision it`;
        throw new BusError("not_provisioned", message);
      }
      try {
        return await api.consumers.add(stream, wanted);
      } catch (reason) {
        if (toBusError(reason, where).code !== "drift") throw reason;
        return await bringUpToDate(api, await api.consumers.info(stream, name));
      }
    },
  );
  return ack_floor.stream_seq;
}

/** GroupChange is what provisioning did, or would do, for one group in one topic. */
export interface GroupChange {
  readonly group: string;
  readonly topic: string;
  readonly stream: string;
  /** "refuse": the consumer is there and cannot be made what is declared. */
  readonly action: "none" | "create" | "update" | "refuse";
  /** What differs, such as "ack_wait is 1000000000 and is to be 2000000000". */
  readonly differences: readonly string[];
}

/** planConsumer says what declareConsumer would do, where it may. */
export async function planConsumer(
  deps: { readonly link: Link; readonly settings: Settings },
  { group, topic, until }: DeclaredConsumer,
): Promise<GroupChange> {
  const { link, settings } = deps;
  const stream = streamName(settings.prefix, topic);
  const about = `cannot look for group ${group.group} in stream ${stream}`;
  const info = await callApi(link, { about, until }, (api) =>
    findConsumer(api, stream, consumerName(group.group)),
  );
  const change = (action: GroupChange["action"], differences: readonly string[] = []) => ({
    group: group.group,
    topic,
    stream,
    action,
    differences,
  });
  if (info === undefined) return change("create");
  const wanted = { ...consumerConfig(settings, group, topic), ...deliverFrom(group.from) };
  const { refused, differences } = consumerDrift(info.config, wanted);
  if (refused.length > 0) return change("refuse", refused);
  return change(differences.length > 0 ? "update" : "none", differences);
}

function consumerConfig(
  settings: Settings,
  group: GroupDeclaration,
  topic: string,
): Omit<ConsumerConfig, "deliver_policy"> {
  return {
    durable_name: consumerName(group.group),
    description: `Group ${group.group} on topic ${topic}`,
    metadata: { "fanfare.group": group.group, "fanfare.topic": topic },
    filter_subjects: groupSubjects(settings.prefix, topic, group.group),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(group.leaseDurationMs),
    max_ack_pending: settings.maxAckPending,
    max_deliver: -1,
    replay_policy: ReplayPolicy.Instant,
  };
}

type Begin = Pick<ConsumerConfig, "deliver_policy" | "opt_start_time" | "opt_start_seq">;

function deliverAt(sequence: number): Begin {
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: sequence };
}

function deliverFrom(from: StartPosition): Begin {
  if (from === "now") return { deliver_policy: DeliverPolicy.New };
  if (from === "start") return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.toISOString() };
}

const notFound: ReadonlySet<number> = new Set([
  JetStreamApiCodes.ConsumerNotFound,
  JetStreamApiCodes.StreamNotFound,
]);

async function findConsumer(
  api: JetStreamManager,
  stream: string,
  name: string,
): Promise<ConsumerInfo | undefined> {
  try {
    return await api.consumers.info(stream, name);
  } catch (reason) {
    if (!(reason instanceof JetStreamApiError)) throw reason;
    if (!notFound.has(reason.code)) throw reason;
    return undefined;
  }
}
