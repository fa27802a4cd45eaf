import type { ConsumerConfig, ConsumerUpdateConfig } from "@nats-io/jetstream";

/** ConsumerDrift is how an existing consumer differs from what is declared. */
export interface ConsumerDrift {
  /** What to change in place. */
  readonly update: Partial<ConsumerUpdateConfig>;
  /** What of it differs, in words. */
  readonly differences: readonly string[];
  /** What differs and no update can mend. */
  readonly refused: readonly string[];
}

/** consumerDrift compares all but the place: a consumer that is there keeps its own. */
export function consumerDrift(found: ConsumerConfig, wanted: ConsumerConfig): ConsumerDrift {
  const { ack_wait, max_ack_pending, max_deliver, filter_subjects, description, metadata } = wanted;
  const update = {
    ...(ack_wait === undefined ? {} : { ack_wait }),
    ...(max_ack_pending === undefined ? {} : { max_ack_pending }),
    ...(max_deliver === undefined ? {} : { max_deliver }),
    ...(filter_subjects === undefined ? {} : { filter_subjects }),
  };
  const differences = Object.entries(update).flatMap(([name, value]) =>
    difference(name, valueOf(found, name), value),
  );
  const labels = {
    ...(description === undefined ? {} : { description }),
    metadata: { ...found.metadata, ...metadata },
  };
  return {
    update: { ...update, ...labels },
    differences,
    refused: [
      ...difference("ack_policy", found.ack_policy, wanted.ack_policy),
      ...difference("replay_policy", found.replay_policy, wanted.replay_policy),
      ...difference("deliver_subject", found.deliver_subject, undefined),
      ...difference("backoff", found.backoff, undefined),
      ...difference("headers_only", found.headers_only ?? false, false),
    ],
  };
}

function difference(name: string, found: unknown, wanted: unknown): string[] {
  const [is, be] = [inWords(found), inWords(wanted)];
  return is === be ? [] : [`${name} is ${is} and is to be ${be}`];
}

function valueOf(config: ConsumerConfig, name: string): unknown {
  return Object.entries(config).find(([key]) => key === name)?.[1];
}

function inWords(value: unknown): string {
  if (value === undefined) return "absent";
  return JSON.stringify(Array.isArray(value) ? value.map(String).toSorted() : value);
}
