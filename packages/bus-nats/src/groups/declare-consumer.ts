import { BusError } from "@fanfare/bus";
import { type ConsumerInfo, JetStreamApiCodes, type JetStreamManager } from "@nats-io/jetstream";
import { callJetStream } from "../connection/call-jetstream.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import { readApiCode, toBusError } from "../connection/to-bus-error.ts";
import type { Deadline } from "../deadline.ts";
import type { Settings } from "../settings.ts";
import { formatConsumerName, formatStreamName } from "../wire/subject.ts";
import { compareConsumer } from "./compare-consumer.ts";
import { encodeConsumerConfig, type GroupConsumer } from "./encode-consumer-config.ts";

/** What declaring a consumer requires. */
export interface ConsumerDeps {
  readonly connection: ManagedConnection;
  readonly settings: Settings;
}

/** The declaration of a group's consumer on one topic. */
export interface ConsumerDeclaration extends GroupConsumer {
  readonly deadline: Deadline;
}

/** What provisioning changes, or would change, for one group on one topic. */
export interface GroupChange {
  readonly group: string;
  readonly topic: string;
  readonly stream: string;
  /** "refuse": the consumer exists and cannot be updated to its declaration. */
  readonly action: "none" | "create" | "update" | "refuse";
  /** What differs, such as "ack_wait is 1000000000, expected 2000000000" (nanoseconds). */
  readonly differences: readonly string[];
}

/**
 * Creates the durable consumer of a group on one topic, or updates the existing one, which keeps its
 * position. Resolves to its acknowledgement floor: the sequence up to which all events are
 * acknowledged. Rejects with `drift` when it cannot be updated, and with `not_provisioned` when it is
 * missing and this process may not create it.
 */
export async function declareConsumer(
  { connection, settings }: ConsumerDeps,
  declared: ConsumerDeclaration,
): Promise<number> {
  const { group, topic, deadline } = declared;
  const stream = formatStreamName(settings.prefix, topic);
  const name = formatConsumerName(group.group);
  const config = encodeConsumerConfig(settings, declared);
  const consumer = `consumer ${name} of group ${group.group} in stream ${stream}`;

  const updateConsumer = async (api: JetStreamManager, info: ConsumerInfo) => {
    const { update, refused, differences } = compareConsumer(info.config, config);
    if (refused.length > 0) throw new BusError("drift", `${consumer}: ${refused.join("; ")}`);
    if (differences.length === 0) return info;
    if (!settings.provision) {
      const message = `${consumer}: ${differences.join("; ")}; this process may not update it: provision it`;
      throw new BusError("drift", message);
    }
    return await api.consumers.update(stream, name, update);
  };

  const about = `cannot declare ${consumer}`;
  const { ack_floor } = await callJetStream(connection, { about, deadline }, async (api) => {
    const info = await findConsumer(api, stream, name);
    if (info !== undefined) return await updateConsumer(api, info);
    if (!settings.provision) {
      const message = `${consumer} is missing and this process may not create it: provision it`;
      throw new BusError("not_provisioned", message);
    }
    try {
      return await api.consumers.add(stream, config);
    } catch (reason) {
      // Another process may have just created it, with other settings.
      if (toBusError(reason, consumer).code !== "drift") throw reason;
      return await updateConsumer(api, await api.consumers.info(stream, name));
    }
  });
  return ack_floor.stream_seq;
}

/** Resolves to what `declareConsumer` would change where `provision` allows it. */
export async function planConsumer(
  { connection, settings }: ConsumerDeps,
  declared: ConsumerDeclaration,
): Promise<GroupChange> {
  const { group, topic, deadline } = declared;
  const stream = formatStreamName(settings.prefix, topic);
  const about = `cannot look up group ${group.group} in stream ${stream}`;
  const info = await callJetStream(connection, { about, deadline }, (api) =>
    findConsumer(api, stream, formatConsumerName(group.group)),
  );
  const createChange = (
    action: GroupChange["action"],
    differences: readonly string[] = [],
  ): GroupChange => ({ group: group.group, topic, stream, action, differences });
  if (info === undefined) return createChange("create");
  const config = encodeConsumerConfig(settings, declared);
  const { refused, differences } = compareConsumer(info.config, config);
  if (refused.length > 0) return createChange("refuse", refused);
  return createChange(differences.length > 0 ? "update" : "none", differences);
}

const notFoundCodes: ReadonlySet<number> = new Set([
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
    if (!notFoundCodes.has(readApiCode(reason) ?? 0)) throw reason;
    return undefined;
  }
}
