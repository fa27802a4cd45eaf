import type { DeadLetterCount } from "@fanfare/bus";
import type { StreamState } from "@nats-io/jetstream";

/** noneYet is what a group has before its first dead letter. */
export const noneYet: DeadLetterCount = { count: 0, oldestAt: undefined };

/** countOf says how many dead letters a stream of them holds. */
export function countOf({ messages, first_ts }: StreamState): DeadLetterCount {
  return messages === 0 ? noneYet : { count: messages, oldestAt: Date.parse(first_ts) };
}
