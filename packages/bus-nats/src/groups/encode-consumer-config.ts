import type { GroupDeclaration, StartPosition } from "@fanfare/bus";
import { AckPolicy, type ConsumerConfig, DeliverPolicy, ReplayPolicy } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import type { Settings } from "../settings.ts";
import { formatConsumerName, formatGroupSubjects } from "../wire/subject.ts";

/** A group's consumer on one topic. */
export interface GroupConsumer {
  readonly group: GroupDeclaration;
  readonly topic: string;
  /** The sequence of the first event, when it is known; otherwise `group.from` applies. */
  readonly startSequence?: number | undefined;
}

/** Returns the configuration of a group's consumer on one topic. */
export function encodeConsumerConfig(
  settings: Settings,
  { group, topic, startSequence }: GroupConsumer,
): ConsumerConfig {
  return {
    durable_name: formatConsumerName(group.group),
    description: `Group ${group.group} on topic ${topic}`,
    metadata: { "fanfare.group": group.group, "fanfare.topic": topic },
    filter_subjects: formatGroupSubjects(settings.prefix, topic, group.group),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(group.leaseDurationMs),
    max_ack_pending: settings.maxAckPending,
    max_deliver: -1,
    replay_policy: ReplayPolicy.Instant,
    ...(startSequence === undefined
      ? encodeStart(group.from)
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: startSequence }),
  };
}

function encodeStart(
  from: StartPosition,
): Pick<ConsumerConfig, "deliver_policy" | "opt_start_time"> {
  if (from === "now") return { deliver_policy: DeliverPolicy.New };
  if (from === "start") return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: from.toISOString() };
}
