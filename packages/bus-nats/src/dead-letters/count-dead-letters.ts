import type { DeadLetterCount } from "@fanfare/bus";
import type { StreamState } from "@nats-io/jetstream";

/** The count of a group that has no dead letters. */
export const noDeadLetters: DeadLetterCount = { count: 0, oldestAt: undefined };

/** Returns how many dead letters a stream holds, and when the oldest was stored. */
export function countDeadLetters({ messages, first_ts }: StreamState): DeadLetterCount {
  return messages === 0 ? noDeadLetters : { count: messages, oldestAt: Date.parse(first_ts) };
}
