import type { Broker, StoredRecord } from "../broker.ts";
import { BusError } from "../error.ts";
import { checkAtLeast } from "../kit/check-at-least.ts";
import type { PendingCalls } from "../kit/pending-calls.ts";
import type { PublishResult } from "../publish/publish-result.ts";
import { createReplay } from "./create-replay.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { decodeDeadLetter } from "./decode-dead-letter.ts";

/**
 * The dead letters of one consumer group. They are kept until they are replayed or discarded; no
 * process of the group has to run. Every method rejects with a `BusError`: `invalid_argument` when
 * the group has no dead letter with the given sequence.
 */
export interface DeadLetters {
  readonly group: string;
  /**
   * Lists dead letters, oldest first: at most `limit` of them (default: 100), fewer when they are
   * large. Pass the sequence of the last one as `after` for the next page; an empty page is the end.
   */
  list(page?: { readonly after?: number; readonly limit?: number }): Promise<readonly DeadLetter[]>;
  /** Returns one dead letter. */
  read(sequence: number): Promise<DeadLetter>;
  /**
   * Publishes the event again to this group alone, with its id and headers and its attempts counted
   * from 1. Removes the dead letter once the broker has stored the replay.
   */
  replay(sequence: number): Promise<PublishResult>;
  /** Removes a dead letter permanently. */
  discard(sequence: number): Promise<void>;
}

const defaultLimit = 100;
const timeoutMs = 10_000;

/** Creates the access to a group's dead letters. A bus does not close while a call is pending. */
export function createDeadLetters(
  { deadLetters }: Broker,
  group: string,
  pending: PendingCalls,
): DeadLetters {
  function run<T>(call: () => Promise<T>): Promise<T> {
    const running = call().catch((reason: unknown) => {
      throw BusError.from(reason);
    });
    return pending.track(running);
  }

  async function find(sequence: number): Promise<StoredRecord> {
    const exists = Number.isSafeInteger(sequence) && sequence > 0;
    const record = exists ? await deadLetters.read(group, sequence) : undefined;
    if (record !== undefined) return record;
    throw new BusError(
      "invalid_argument",
      `the group ${group} has no dead letter ${sequence}: list its dead letters for their sequences`,
    );
  }

  return {
    group,
    list: ({ after = 0, limit = defaultLimit } = {}) =>
      run(async () => {
        checkAtLeast(0, "after", after);
        checkAtLeast(1, "limit", limit);
        const records = await deadLetters.list(group, { after, limit });
        return records.map((record) => decodeDeadLetter(group, record));
      }),
    read: (sequence) => run(async () => decodeDeadLetter(group, await find(sequence))),
    replay: (sequence) =>
      run(async () => {
        const record = await find(sequence);
        const { id, topic } = decodeDeadLetter(group, record);
        const options = { timeoutMs, signal: undefined };
        const appended = await deadLetters.replay(group, createReplay(record), options);
        await deadLetters.remove(group, sequence);
        return { id, topic, ...appended };
      }),
    discard: (sequence) =>
      run(async () => {
        await find(sequence);
        await deadLetters.remove(group, sequence);
      }),
  };
}
