import type {
  Appended,
  BrokerFeatures,
  GroupDeclaration,
  NewRecord,
  TopicProgress,
} from "../broker.ts";
import { BusError } from "../error.ts";
import { measureRecord } from "../wire/measure-record.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { createMemoryDeadLetters, type MemoryDeadLetters } from "./memory-dead-letters.ts";
import { createMemoryGroup, type MemoryGroup } from "./memory-group.ts";
import { createTopicLog, type TopicLog } from "./topic-log.ts";

/** Topics, groups and dead letters in memory. Several brokers share one, as processes share a server. */
export interface MemoryStore {
  readonly clock: ManualClock;
  readonly features: BrokerFeatures;
  /** Stores a record. Throws `too_large`, and `stream_full` when the topic is full. */
  append(record: NewRecord): Appended;
  /** Stores all records of a batch or none. Throws `already_stored` as well. */
  appendAll(records: readonly NewRecord[]): readonly Appended[];
  /** Stores a record for one group alone. Throws as `append` does. */
  replay(group: string, record: NewRecord): Appended;
  readonly deadLetters: MemoryDeadLetters;
  /** Removes the oldest events of a topic until at most `keep` are left, as retention does. */
  purge(topic: string, keep?: number): void;
  /** Returns a group's progress. Throws `not_provisioned` for a group that was not declared. */
  progress(group: string, topics: readonly string[]): TopicProgress[];
  /** Creates the group, or adds topics to it. */
  declare(declaration: GroupDeclaration): MemoryGroup;
  /** Adds a function that counts how many leased records of a group wait for time to pass in one process. */
  addDelayCounter(count: (group: string) => number): void;
  /** Describes the groups with work that a running process has or could get; empty when idle. */
  describeUnfinished(): string[];
}

/** The limits of a store in memory. */
export interface MemoryStoreOptions {
  /** Default: a new clock at 2026-01-01T08:00:00Z. */
  readonly clock?: ManualClock;
  /** How long the store detects duplicates of an id, in milliseconds. Default: 120,000. */
  readonly dedupeWindowMs?: number;
  /** The largest record, payload and headers, in bytes. Default: 1 MiB. */
  readonly maxRecordBytes?: number;
  /**
   * How many events a topic retains. The oldest are evicted first; an event that a group has not
   * settled is evicted only where `whenFull` is "delete-oldest". Default: 100,000.
   */
  readonly maxRecords?: number;
  /**
   * Whether a full topic refuses events with `stream_full` while a group has not settled its oldest one, or
   * deletes that one: the group then reports `data_loss`. Default: "refuse".
   */
  readonly whenFull?: "refuse" | "delete-oldest";
}

/**
 * Creates an empty store in memory.
 *
 * @example
 * ```ts
 * const store = createMemoryStore({ dedupeWindowMs: 60_000 });
 * await using publisher = createMemoryBus({ store });
 * await using reactor = createMemoryBus({ store });
 * ```
 */
export function createMemoryStore({
  clock = createManualClock(),
  dedupeWindowMs = 120_000,
  maxRecordBytes = 1_048_576,
  maxRecords = 100_000,
  whenFull = "refuse",
}: MemoryStoreOptions = {}): MemoryStore {
  const deadLetters = createMemoryDeadLetters({ clock, dedupeWindowMs, maxRecords });
  const logs = new Map<string, TopicLog>();
  const groups = new Map<string, MemoryGroup>();
  const groupsByTopic = new Map<string, Set<MemoryGroup>>();
  const delayCounters: ((group: string) => number)[] = [];

  function openLog(topic: string): TopicLog {
    const log =
      logs.get(topic) ?? createTopicLog(topic, { clock, dedupeWindowMs, maxRecords, whenFull });
    logs.set(topic, log);
    return log;
  }

  function checkSize(record: NewRecord): void {
    const bytes = measureRecord(record);
    if (bytes <= maxRecordBytes) return;
    throw new BusError(
      "too_large",
      `expected an event of at most ${maxRecordBytes} bytes, got ${record.id} with ${bytes}`,
    );
  }

  function appendAndDispatch<T>(topic: string, append: (log: TopicLog) => T): T {
    const appended = append(openLog(topic));
    for (const group of groupsByTopic.get(topic) ?? []) group.dispatch();
    return appended;
  }

  return {
    clock,
    features: { durable: false, dedupeWindowMs, maxRecordBytes, maxBatch: 1_000 },
    append(record) {
      checkSize(record);
      return appendAndDispatch(record.topic, (log) => log.append(record));
    },
    appendAll(records) {
      for (const record of records) checkSize(record);
      const [first] = records;
      if (first === undefined) return [];
      return appendAndDispatch(first.topic, (log) => log.appendAll(records));
    },
    replay(group, record) {
      checkSize(record);
      return appendAndDispatch(record.topic, (log) => log.replay(group, record));
    },
    deadLetters: {
      ...deadLetters,
      store(group, record) {
        checkSize(record);
        return deadLetters.store(group, record);
      },
    },
    purge: (topic, keep = 0) => openLog(topic).purge(keep),
    declare(declaration) {
      const group =
        groups.get(declaration.group) ?? createMemoryGroup(declaration.group, { clock, openLog });
      groups.set(declaration.group, group);
      group.declare(declaration);
      for (const topic of declaration.topics) {
        const subscribed = groupsByTopic.get(topic) ?? new Set();
        groupsByTopic.set(topic, subscribed.add(group));
      }
      return group;
    },
    progress(name, topics) {
      const group = groups.get(name);
      if (group === undefined) {
        throw new BusError("not_provisioned", `the group ${name} does not exist: declare it first`);
      }
      return group.progress(topics);
    },
    addDelayCounter: (count) => void delayCounters.push(count),
    describeUnfinished: () =>
      Array.from(groups).flatMap(([name, group]) => {
        const delayed = delayCounters.reduce((sum, count) => sum + count(name), 0);
        return group.describeUnfinished(delayed);
      }),
  };
}
