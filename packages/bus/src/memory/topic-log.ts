import type { Appended, NewRecord, StartPosition, StoredRecord } from "../broker.ts";
import { BusError } from "../error.ts";
import type { Clock } from "../kit/clock.ts";
import { createKnownIds, type KnownIds } from "./known-ids.ts";

/** TopicLog holds the records of one topic, in order, and remembers their ids for a while. */
export interface TopicLog {
  readonly topic: string;
  /** The sequence that the next record gets. */
  readonly next: number;
  append(record: NewRecord): Appended;
  /** Stores all or none. Throws `already_stored` when an id is known, `stream_full` without the room. */
  appendAll(records: readonly NewRecord[]): Appended[];
  /** Stores a record that only one group gets. Its id is known for that group alone. */
  replay(group: string, record: NewRecord): Appended;
  get(sequence: number): StoredRecord | undefined;
  /** The record, unless it is another group's alone. */
  getFor(group: string, sequence: number): StoredRecord | undefined;
  /** The first record from a sequence on that is not another group's alone. */
  firstFor(group: string, from: number): StoredRecord | undefined;
  /** How many of those there are. */
  countFor(group: string, from: number): number;
  /** How many records there are, and the oldest. */
  readonly size: number;
  readonly oldest: StoredRecord | undefined;
  /** False when it was not there. */
  remove(sequence: number): boolean;
  /** The sequence of the first record at a start position. */
  find(from: StartPosition): number;
  /** Registers somebody who may still need a record, which therefore stays. */
  addReader(needs: (sequence: number) => boolean): void;
}

export interface TopicLogOptions {
  readonly clock: Clock;
  readonly dedupeWindowMs: number;
  /** Beyond these, the oldest goes that no reader needs. */
  readonly maxRecords: number;
}

export function createTopicLog(
  topic: string,
  { clock, dedupeWindowMs, maxRecords }: TopicLogOptions,
): TopicLog {
  const records = new Map<number, StoredRecord>();
  const ids = createKnownIds(clock, dedupeWindowMs);
  const replayIds = createKnownIds(clock, dedupeWindowMs);
  /** Whose record it is, where it is one group's alone. */
  const owners = new Map<number, string>();
  const readers: ((sequence: number) => boolean)[] = [];
  let first = 1;
  let next = 1;

  function makeRoom(count = 1): void {
    const end = first + records.size + count - maxRecords;
    for (let oldest = first; oldest < end; oldest++) {
      if (oldest < next && !readers.some((needs) => needs(oldest))) continue;
      throw new BusError(
        "stream_full",
        `${topic} is full: ${maxRecords} events, the oldest of which a group has not handled`,
      );
    }
    for (; first < end; first++) {
      records.delete(first);
      owners.delete(first);
    }
  }

  function store(
    { topic: of, headers, data }: NewRecord,
    { id, among }: { readonly id: string; readonly among: KnownIds },
  ): Appended {
    const known = among.sequenceOf(id);
    if (known !== undefined) return { duplicate: true, sequence: known };
    makeRoom();
    const sequence = next++;
    records.set(sequence, { topic: of, headers, data, sequence, storedAt: clock.now() });
    among.add(id, sequence);
    return { duplicate: false, sequence };
  }

  return {
    topic,
    get next() {
      return next;
    },
    append: (record) => store(record, { id: record.id, among: ids }),
    appendAll(batch) {
      const known = batch.find(({ id }) => ids.sequenceOf(id) !== undefined);
      if (known !== undefined) {
        throw new BusError("already_stored", `${known.id} is stored in ${topic}: none is now`);
      }
      makeRoom(batch.length);
      return batch.map((record) => store(record, { id: record.id, among: ids }));
    },
    replay(group, record) {
      const appended = store(record, { id: `${group}/${record.id}`, among: replayIds });
      owners.set(appended.sequence, group);
      return appended;
    },
    get: (sequence) => records.get(sequence),
    getFor(group, sequence) {
      const owner = owners.size === 0 ? undefined : owners.get(sequence);
      return owner === undefined || owner === group ? records.get(sequence) : undefined;
    },
    firstFor(group, from) {
      for (let sequence = from; sequence < next; sequence++) {
        const owner = owners.get(sequence);
        if (owner === undefined || owner === group) return records.get(sequence);
      }
      return undefined;
    },
    countFor(group, from) {
      let others = 0;
      for (const [sequence, owner] of owners) if (sequence >= from && owner !== group) others++;
      return next - from - others;
    },
    get size() {
      return records.size;
    },
    get oldest() {
      return records.values().next().value;
    },
    remove: (sequence) => records.delete(sequence),
    find(from) {
      if (from === "now") return next;
      if (from === "start") return first;
      for (const { sequence, storedAt } of records.values()) {
        if (storedAt >= from.getTime()) return sequence;
      }
      return next;
    },
    addReader(needs) {
      readers.push(needs);
    },
  };
}
