import type { StartPosition, StoredRecord, TopicProgress } from "../broker.ts";
import type { TopicLog } from "./topic-log.ts";

/** The records of a topic that a group has not settled: those never leased, and those in flight. */
export interface Backlog {
  readonly topic: string;
  /** How many records can be leased now. */
  readonly available: number;
  /** How many records are leased now. */
  readonly leased: number;
  /** Leases the next record: one to redeliver before one never leased. */
  lease(): LeasedRecord | undefined;
  /** Ends a lease, to be followed by `requeue` or `settle`. Returns false when it has ended before. */
  end(lease: LeasedRecord): boolean;
  /** Makes a record whose lease has ended available again. */
  requeue(lease: LeasedRecord): void;
  /** Removes a record whose lease has ended. */
  settle(lease: LeasedRecord): void;
  /** Returns the group's progress with this topic. */
  progress(): TopicProgress;
}

/** One lease of a record. The next lease of the same record is another object. */
export interface LeasedRecord {
  readonly record: StoredRecord;
  /** How often the record was leased, this time included. */
  readonly deliveries: number;
  /** How often handlers failed, as recorded. */
  failures: number;
  /** Whether the lease has not ended. */
  isLeased: boolean;
}

/** The group of a backlog, and where it starts. */
export interface BacklogOptions {
  readonly group: string;
  readonly from: StartPosition;
  /** Called with the number of records that were removed before they were processed. */
  readonly onLost: (count: number) => void;
}

/** Creates a group's backlog of a topic, from a start position on. The log retains its records. */
export function createBacklog(log: TopicLog, { group, from, onLost }: BacklogOptions): Backlog {
  let cursor = log.findStart(from);
  /** The latest lease of each record that is not settled, by sequence. */
  const unsettled = new Map<number, LeasedRecord>();
  /** Records to redeliver, in order of their sequences. */
  const redeliveries: LeasedRecord[] = [];
  let leased = 0;
  let lost = 0;
  log.onRemoval((first) => {
    const waiting = log.countForGroup(group, cursor);
    cursor = Math.max(cursor, first);
    const removed = redeliveries.filter(({ record }) => record.sequence < first);
    redeliveries.splice(0, removed.length);
    for (const { record } of removed) unsettled.delete(record.sequence);
    lose(waiting - log.countForGroup(group, cursor) + removed.length);
  });
  log.retainWhile((sequence) => sequence >= cursor || unsettled.has(sequence));

  function lose(count: number): void {
    if (count === 0) return;
    lost += count;
    onLost(count);
  }

  function leaseRecord(record: StoredRecord, before?: LeasedRecord): LeasedRecord {
    const { deliveries, failures } = before ?? { deliveries: 0, failures: 0 };
    const lease = { record, deliveries: deliveries + 1, failures, isLeased: true };
    unsettled.set(record.sequence, lease);
    leased++;
    return lease;
  }

  return {
    topic: log.topic,
    get available() {
      return redeliveries.length + log.next - cursor;
    },
    get leased() {
      return leased;
    },
    lease() {
      const before = redeliveries.shift();
      if (before !== undefined) return leaseRecord(before.record, before);
      while (cursor < log.next) {
        const record = log.getForGroup(group, cursor++);
        if (record !== undefined) return leaseRecord(record);
      }
      return undefined;
    },
    end(lease) {
      if (!lease.isLeased) return false;
      lease.isLeased = false;
      leased--;
      return true;
    },
    requeue(lease) {
      const { sequence } = lease.record;
      if (sequence < log.first) {
        unsettled.delete(sequence);
        return lose(1);
      }
      const earlier = redeliveries.findLastIndex((other) => other.record.sequence < sequence);
      redeliveries.splice(earlier + 1, 0, lease);
    },
    settle(lease) {
      unsettled.delete(lease.record.sequence);
    },
    progress() {
      const inFlight = [...unsettled.values()];
      const oldest = inFlight.reduce(
        (first, { record }) => Math.min(first, record.storedAt),
        log.findFirstForGroup(group, cursor)?.storedAt ?? Infinity,
      );
      return {
        topic: log.topic,
        pending: log.countForGroup(group, cursor),
        inFlight: inFlight.length,
        redelivered: inFlight.filter(({ deliveries }) => deliveries > 1).length,
        lost,
        oldestAt: oldest === Infinity ? undefined : oldest,
      };
    },
  };
}
