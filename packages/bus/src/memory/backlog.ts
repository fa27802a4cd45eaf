import type { StartPosition, StoredRecord, TopicProgress } from "../broker.ts";
import type { TopicLog } from "./topic-log.ts";

/** Backlog is what a group has of a topic: what it has not taken yet, and what it has not settled. */
export interface Backlog {
  readonly topic: string;
  /** How many records could be taken now. */
  readonly due: number;
  /** How many records are taken and not let go. */
  readonly out: number;
  /** The next record for the group: one that is due again before one never taken. */
  take(): Taken | undefined;
  /** Lets go of a taken record; false when that was done before. It is then `again` or `settle`. */
  letGo(taken: Taken): boolean;
  /** Makes a record that was let go due again. */
  again(taken: Taken): void;
  /** Ends a record that was let go for the group. */
  settle(taken: Taken): void;
  progress(): TopicProgress;
}

/** Taken is a record in somebody's hands. The same record taken again is another Taken. */
export interface Taken {
  readonly record: StoredRecord;
  /** How often the record was taken, this time included. */
  readonly times: number;
  /** Whether it was not let go. */
  isOut: boolean;
}

/** createBacklog begins at a position of the log, which keeps from then on what the group needs. */
export function createBacklog(
  log: TopicLog,
  { group, from }: { readonly group: string; readonly from: StartPosition },
): Backlog {
  let cursor = log.find(from);
  /** Taken at least once and not settled: as they were last taken. */
  const unsettled = new Map<number, Taken>();
  /** What is due again, by sequence. */
  const dueAgain: Taken[] = [];
  let out = 0;
  log.addReader((sequence) => sequence >= cursor || unsettled.has(sequence));

  function hand(record: StoredRecord, times: number): Taken {
    const taken = { record, times, isOut: true };
    unsettled.set(record.sequence, taken);
    out++;
    return taken;
  }

  return {
    topic: log.topic,
    get due() {
      return dueAgain.length + log.next - cursor;
    },
    get out() {
      return out;
    },
    take() {
      const before = dueAgain.shift();
      if (before !== undefined) return hand(before.record, before.times + 1);
      while (cursor < log.next) {
        const record = log.getFor(group, cursor++);
        if (record !== undefined) return hand(record, 1);
      }
      return undefined;
    },
    letGo(taken) {
      if (!taken.isOut) return false;
      taken.isOut = false;
      out--;
      return true;
    },
    again(taken) {
      const { sequence } = taken.record;
      const earlier = dueAgain.findLastIndex((other) => other.record.sequence < sequence);
      dueAgain.splice(earlier + 1, 0, taken);
    },
    settle(taken) {
      unsettled.delete(taken.record.sequence);
    },
    progress() {
      const open = [...unsettled.values()];
      const oldest = open.reduce(
        (first, { record }) => Math.min(first, record.storedAt),
        log.firstFor(group, cursor)?.storedAt ?? Infinity,
      );
      return {
        topic: log.topic,
        pending: log.countFor(group, cursor),
        inFlight: open.length,
        redelivered: open.filter(({ times }) => times > 1).length,
        oldestAt: oldest === Infinity ? undefined : oldest,
      };
    },
  };
}
