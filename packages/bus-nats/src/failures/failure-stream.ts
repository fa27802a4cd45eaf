import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { isMissing } from "../connection/is-missing.ts";
import type { Settings } from "../settings.ts";
import { formatFailureFilter, formatFailureStream } from "./failure-subject.ts";

/** How long a count is kept after its last failure, in milliseconds: 30 days. */
const maxAgeMs = 30 * 86_400_000;

/**
 * Creates the stream of a group's failures, which has one message for each event that failed and is not
 * acknowledged: a key-value bucket. Leaves an existing one as it is.
 */
export async function ensureFailureStream(
  api: JetStreamManager,
  settings: Settings,
  group: string,
): Promise<void> {
  const { prefix } = settings;
  const name = formatFailureStream(prefix, group);
  if (!(await isMissing(api, name))) return;
  const { replicas = 1 } = settings.getStreamSettings("");
  await api.streams.add({
    name,
    description: `Failures of group ${group}, by event`,
    subjects: [formatFailureFilter(prefix, group)],
    metadata: { "fanfare.group": group },
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    storage: StorageType.File,
    max_msgs_per_subject: 1,
    max_age: nanos(maxAgeMs),
    num_replicas: replicas,
    allow_direct: true,
    allow_msg_ttl: true,
  });
}
