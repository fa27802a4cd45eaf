import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { isMissing } from "./dead-record.ts";
import { deadFilter, deadStream } from "./dead-subject.ts";
import type { Settings } from "./settings.ts";

/** makeDeadStream makes the stream of a group's dead letters, which stay for ever. */
export async function makeDeadStream(
  api: JetStreamManager,
  settings: Settings,
  group: string,
): Promise<void> {
  const { prefix } = settings;
  const { replicas = 1 } = settings.streamSettings("");
  await api.streams.add({
    name: deadStream(prefix, group),
    description: `Dead letters of group ${group}`,
    subjects: [deadFilter(prefix, group)],
    metadata: { "fanfare.group": group },
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    storage: StorageType.File,
    num_replicas: replicas,
    duplicate_window: nanos(settings.dedupeWindowMs),
    allow_direct: true,
  });
}

/** ensureDeadStream leaves one that is there as it is. */
export async function ensureDeadStream(
  api: JetStreamManager,
  settings: Settings,
  group: string,
): Promise<void> {
  try {
    await api.streams.info(deadStream(settings.prefix, group));
  } catch (reason) {
    if (!isMissing(reason)) throw reason;
    await makeDeadStream(api, settings, group);
  }
}
