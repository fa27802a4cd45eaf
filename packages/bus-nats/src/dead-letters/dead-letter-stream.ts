import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { isMissing } from "../connection/is-missing.ts";
import type { Settings } from "../settings.ts";
import { formatDeadLetterFilter, formatDeadLetterStream } from "./dead-letter-subject.ts";

/** Creates the stream of a group's dead letters, which keeps them until they are removed. */
export async function createDeadLetterStream(
  api: JetStreamManager,
  settings: Settings,
  group: string,
): Promise<void> {
  const { prefix } = settings;
  const { replicas = 1 } = settings.getStreamSettings("");
  await api.streams.add({
    name: formatDeadLetterStream(prefix, group),
    description: `Dead letters of group ${group}`,
    subjects: [formatDeadLetterFilter(prefix, group)],
    metadata: { "fanfare.group": group },
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    storage: StorageType.File,
    num_replicas: replicas,
    duplicate_window: nanos(settings.dedupeWindowMs),
    allow_direct: true,
  });
}

/** Creates the stream of a group's dead letters when it is missing. Leaves an existing one as it is. */
export async function ensureDeadLetterStream(
  api: JetStreamManager,
  settings: Settings,
  group: string,
): Promise<void> {
  const stream = formatDeadLetterStream(settings.prefix, group);
  if (await isMissing(api, stream)) await createDeadLetterStream(api, settings, group);
}
