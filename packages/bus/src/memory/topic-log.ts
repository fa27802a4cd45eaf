import type { Appended, NewRecord, StartPosition, StoredRecord } from "../broker.ts";
import { BusError } from "../error.ts";
import type { Clock } from "../kit/clock.ts";
import { createDedupeWindow, type DedupeWindow } from "./dedupe-window.ts";

/** The records of one topic, in order, with the ids of its dedupe window. */
export interface TopicLog {
  readonly topic: string;
  /** The sequence that the next record gets. */
  readonly next: number;
  /** Stores a record, unless its id is within the dedupe window. Throws `stream_full`. */
  append(record: NewRecord): Appended;
  /** Stores all records or none. Throws `already_stored` for an id within the dedupe window, and `stream_full`. */
  appendAll(records: readonly NewRecord[]): Appended[];
  /** Stores a record for one group alone. Its dedupe window is that group's own. */
  replay(group: string, record: NewRecord): Appended;
  /** Returns a record; undefined when it does not exist or was removed. */
  get(sequence: number): StoredRecord | undefined;
  /** Returns a record that a group may receive; undefined for another group's replay. */
  getForGroup(group: string, sequence: number): StoredRecord | undefined;
  /** Returns the first record that a group may receive, from a sequence on. */
  findFirstForGroup(group: string, from: number): StoredRecord | undefined;
  /** Counts the records that a group may receive, from a sequence on. */
  countForGroup(group: string, from: number): number;
  /** The first sequence that was not removed with the oldest records. */
  readonly first: number;
  /** The number of records. */
  readonly size: number;
  /** The first record; undefined when the log is empty. */
  readonly oldest: StoredRecord | undefined;
  /** Removes a record. Returns false when it does not exist. */
  remove(sequence: number): boolean;
  /** Returns the sequence of the first record at a start position. */
  findStart(from: StartPosition): number;
  /** Removes the oldest records until at most `keep` are left, whether or not they are needed. */
  purge(keep: number): void;
  /** Retains every record for which `isNeeded` returns true, unless the log deletes the oldest. */
  retainWhile(isNeeded: (sequence: number) => boolean): void;
  /** Calls the listener before the oldest records are removed, with the first sequence that is left. */
  onRemoval(listener: (first: number) => void): void;
}

/** The limits of a topic's log. */
export interface TopicLogOptions {
  readonly clock: Clock;
  /** In milliseconds. */
  readonly dedupeWindowMs: number;
  /**
   * Beyond this number the log evicts its oldest record, and throws `stream_full` when that record is
   * still needed and `whenFull` is "refuse".
   */
  readonly maxRecords: number;
  /** Whether a full log deletes records that are still needed. Default: "refuse". */
  readonly whenFull?: "refuse" | "delete-oldest";
}

/** Creates an empty log. `topic` names it in errors. */
export function createTopicLog(
  topic: string,
  { clock, dedupeWindowMs, maxRecords, whenFull = "refuse" }: TopicLogOptions,
): TopicLog {
  const records = new Map<number, StoredRecord>();
  const ids = createDedupeWindow(clock, dedupeWindowMs);
  const replayIds = createDedupeWindow(clock, dedupeWindowMs);
  /** The group of each replay, by sequence. */
  const owners = new Map<number, string>();
  const retainers: ((sequence: number) => boolean)[] = [];
  const listeners: ((first: number) => void)[] = [];
  let first = 1;
  let next = 1;

  function makeRoom(count = 1): void {
    const end = first + records.size + count - maxRecords;
    for (let oldest = first; oldest < end; oldest++) {
      if (whenFull === "delete-oldest") break;
      if (oldest < next && !retainers.some((isNeeded) => isNeeded(oldest))) continue;
      throw new BusError(
        "stream_full",
        `${topic} is full with ${maxRecords} events, the oldest of which a group has not settled: raise maxRecords, or let the group catch up`,
      );
    }
    removeBefore(Math.min(end, next));
  }

  function removeBefore(end: number): void {
    if (end <= first) return;
    for (const listener of listeners) listener(end);
    for (; first < end; first++) {
      records.delete(first);
      owners.delete(first);
    }
  }

  function store(
    { topic: recordTopic, headers, data }: NewRecord,
    { id, window }: { readonly id: string; readonly window: DedupeWindow },
  ): Appended {
    const known = window.find(id);
    if (known !== undefined) return { duplicate: true, sequence: known };
    makeRoom();
    const sequence = next++;
    records.set(sequence, { topic: recordTopic, headers, data, sequence, storedAt: clock.now() });
    window.add(id, sequence);
    return { duplicate: false, sequence };
  }

  return {
    topic,
    get next() {
      return next;
    },
    append: (record) => store(record, { id: record.id, window: ids }),
    appendAll(batch) {
      const known = batch.find(({ id }) => ids.find(id) !== undefined);
      if (known !== undefined) {
        throw new BusError(
          "already_stored",
          `the id ${known.id} is already stored in ${topic}: the batch is not stored`,
        );
      }
      makeRoom(batch.length);
      return batch.map((record) => store(record, { id: record.id, window: ids }));
    },
    replay(group, record) {
      const appended = store(record, { id: `${group}/${record.id}`, window: replayIds });
      owners.set(appended.sequence, group);
      return appended;
    },
    get: (sequence) => records.get(sequence),
    getForGroup(group, sequence) {
      const owner = owners.size === 0 ? undefined : owners.get(sequence);
      return owner === undefined || owner === group ? records.get(sequence) : undefined;
    },
    findFirstForGroup(group, from) {
      for (let sequence = from; sequence < next; sequence++) {
        const owner = owners.get(sequence);
        if (owner === undefined || owner === group) return records.get(sequence);
      }
      return undefined;
    },
    countForGroup(group, from) {
      let others = 0;
      for (const [sequence, owner] of owners) if (sequence >= from && owner !== group) others++;
      return next - from - others;
    },
    get first() {
      return first;
    },
    get size() {
      return records.size;
    },
    get oldest() {
      return records.values().next().value;
    },
    remove: (sequence) => records.delete(sequence),
    findStart(from) {
      if (from === "now") return next;
      if (from === "start") return first;
      for (const { sequence, storedAt } of records.values()) {
        if (storedAt >= from.getTime()) return sequence;
      }
      return next;
    },
    purge: (keep) => removeBefore(next - keep),
    onRemoval(listener) {
      listeners.push(listener);
    },
    retainWhile(isNeeded) {
      retainers.push(isNeeded);
    },
  };
}
