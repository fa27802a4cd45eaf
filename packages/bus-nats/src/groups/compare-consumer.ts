import type { ConsumerConfig, ConsumerUpdateConfig } from "@nats-io/jetstream";

/** How an existing consumer differs from its declaration. */
export interface ConsumerDrift {
  /** The fields to update. */
  readonly update: Partial<ConsumerUpdateConfig>;
  /** The differences that an update removes, such as "max_deliver is 3, expected -1". */
  readonly differences: readonly string[];
  /** The differences that no update can remove. */
  readonly refused: readonly string[];
}

/**
 * Compares the configuration of an existing consumer with the expected one. Ignores where the consumer
 * started: it keeps its position.
 */
export function compareConsumer(found: ConsumerConfig, expected: ConsumerConfig): ConsumerDrift {
  const { ack_wait, max_ack_pending, max_deliver, filter_subjects, description } = expected;
  const update = {
    ...(ack_wait === undefined ? {} : { ack_wait }),
    ...(max_ack_pending === undefined ? {} : { max_ack_pending }),
    ...(max_deliver === undefined ? {} : { max_deliver }),
    ...(filter_subjects === undefined ? {} : { filter_subjects }),
  };
  const labels = {
    ...(description === undefined ? {} : { description }),
    metadata: { ...found.metadata, ...expected.metadata },
  };
  return {
    update: { ...update, ...labels },
    differences: Object.entries(update).flatMap(([name, value]) =>
      listDifference(name, getField(found, name), value),
    ),
    refused: [
      ...listDifference("ack_policy", found.ack_policy, expected.ack_policy),
      ...listDifference("replay_policy", found.replay_policy, expected.replay_policy),
      ...listDifference("deliver_subject", found.deliver_subject, undefined),
      ...listDifference("backoff", found.backoff, undefined),
      ...listDifference("headers_only", found.headers_only ?? false, false),
    ],
  };
}

/** Returns one difference, or none. */
function listDifference(name: string, found: unknown, expected: unknown): string[] {
  const [foundText, expectedText] = [formatValue(found), formatValue(expected)];
  return foundText === expectedText ? [] : [`${name} is ${foundText}, expected ${expectedText}`];
}

function getField(config: ConsumerConfig, name: string): unknown {
  return Object.entries(config).find(([key]) => key === name)?.[1];
}

/** The order of subjects does not matter. */
function formatValue(value: unknown): string {
  if (value === undefined) return "absent";
  return JSON.stringify(Array.isArray(value) ? value.map(String).toSorted() : value);
}
