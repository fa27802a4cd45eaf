import type { Broker } from "../broker.ts";
import type { PublishResult } from "../bus.ts";
import { BusError } from "../error.ts";
import { createReplay, type DeadLetter, decodeDeadLetter } from "./dead-letter.ts";

/**
 * DeadLetters are the events that one group has given up. They stay until they are replayed or
 * discarded. All reject with a BusError, `invalid_argument` where there is no such dead letter.
 */
export interface DeadLetters {
  readonly group: string;
  /**
   * list resolves with the oldest, in order: at most `limit` (default: 100), fewer where they are
   * large. The next ones are those `after` the sequence of the last; an empty list is the end.
   */
  list(page?: { readonly after?: number; readonly limit?: number }): Promise<readonly DeadLetter[]>;
  read(sequence: number): Promise<DeadLetter>;
  /**
   * replay hands the event to this group alone once more, with its id and headers and its attempts
   * from 1, and then removes the dead letter: never before the replay is stored.
   */
  replay(sequence: number): Promise<PublishResult>;
  /** discard removes the dead letter for good. */
  discard(sequence: number): Promise<void>;
}

const limit = 100;
const timeoutMs = 10_000;

/** openDeadLetters looks at a group's dead letters; the group need not run. */
export function createDeadLetters({ deadLetters }: Broker, group: string): DeadLetters {
  async function find(sequence: number) {
    const record = await deadLetters.read(group, sequence);
    if (record !== undefined) return record;
    throw new BusError("invalid_argument", `the group ${group} has no dead letter ${sequence}`);
  }

  return {
    group,
    async list(page = {}) {
      const records = await deadLetters.list(group, { after: 0, limit, ...page });
      return records.map((record) => decodeDeadLetter(group, record));
    },
    async read(sequence) {
      return decodeDeadLetter(group, await find(sequence));
    },
    async replay(sequence) {
      const record = await find(sequence);
      const { id, topic } = decodeDeadLetter(group, record);
      const options = { timeoutMs, signal: undefined };
      const appended = await deadLetters.replay(group, createReplay(record), options);
      await deadLetters.remove(group, sequence);
      return { id, topic, ...appended };
    },
    async discard(sequence) {
      await find(sequence);
      await deadLetters.remove(group, sequence);
    },
  };
}
