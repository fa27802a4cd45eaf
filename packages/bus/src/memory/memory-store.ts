import type {
  Appended,
  Broker,
  BrokerFeatures,
  GroupDeclaration,
  NewRecord,
  TopicProgress,
} from "../broker.ts";
import { BusError } from "../error.ts";
import { recordBytes } from "../wire/record-bytes.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { createMemoryBroker } from "./memory-broker.ts";
import { createMemoryDeadLetters, type MemoryDeadLetters } from "./memory-dead-letters.ts";
import { createMemoryGroup, type MemoryGroup } from "./memory-group.ts";
import { createTopicLog, type TopicLog } from "./topic-log.ts";

/** MemoryStore is what several brokers in memory share, as processes share a server. */
export interface MemoryStore {
  readonly clock: ManualClock;
  readonly features: BrokerFeatures;
  /** Throws `too_large`, and `stream_full` when a topic is full. */
  append(record: NewRecord): Appended;
  /** Stores records of one topic, all or none. Throws `already_stored` too. */
  appendAll(records: readonly NewRecord[]): readonly Appended[];
  /** Stores a record for one group alone. Throws as append does. */
  replay(group: string, record: NewRecord): Appended;
  readonly deadLetters: MemoryDeadLetters;
  /** Throws `not_provisioned` for a group that was not declared. */
  progress(group: string, topics: readonly string[]): TopicProgress[];
  /** Makes the group, or adds topics to it. */
  declare(declaration: GroupDeclaration): MemoryGroup;
  /** Opens a broker: one for each process that a test plays. */
  open(): Broker;
  /**
   * What has been handed out or could be, in words; empty when there is nothing. `restingOf` says how
   * much of what a group was handed out waits for time to move.
   */
  unfinished(restingOf: (group: string) => number): string[];
}

export interface MemoryStoreOptions {
  readonly clock?: ManualClock;
  /** How long an id is remembered, in milliseconds. Default: 120,000. */
  readonly dedupeWindowMs?: number;
  /** The largest event, payload and headers. Default: 1 MiB. */
  readonly maxRecordBytes?: number;
  /** How many events a topic keeps. Default: 100,000. */
  readonly maxRecords?: number;
}

/** createMemoryStore makes an empty store. */
export function createMemoryStore({
  clock = createManualClock(),
  dedupeWindowMs = 120_000,
  maxRecordBytes = 1_048_576,
  maxRecords = 100_000,
}: MemoryStoreOptions = {}): MemoryStore {
  const deadLetters = createMemoryDeadLetters({ clock, dedupeWindowMs, maxRecords });
  const logs = new Map<string, TopicLog>();
  const groups = new Map<string, MemoryGroup>();
  const groupsOf = new Map<string, Set<MemoryGroup>>();

  function logOf(topic: string): TopicLog {
    const log = logs.get(topic) ?? createTopicLog(topic, { clock, dedupeWindowMs, maxRecords });
    logs.set(topic, log);
    return log;
  }

  function checkSize(record: NewRecord): void {
    const bytes = recordBytes(record);
    if (bytes <= maxRecordBytes) return;
    throw new BusError(
      "too_large",
      `event ${record.id} has ${bytes} bytes, the limit is ${maxRecordBytes}`,
    );
  }

  function add<T>(topic: string, to: (log: TopicLog) => T): T {
    const appended = to(logOf(topic));
    for (const group of groupsOf.get(topic) ?? []) group.wake();
    return appended;
  }

  const store: MemoryStore = {
    clock,
    features: { durable: false, dedupeWindowMs, maxRecordBytes, maxBatch: 1_000 },
    append(record) {
      checkSize(record);
      return add(record.topic, (log) => log.append(record));
    },
    appendAll(records) {
      for (const record of records) checkSize(record);
      const [first] = records;
      return first === undefined ? [] : add(first.topic, (log) => log.appendAll(records));
    },
    replay(group, record) {
      checkSize(record);
      return add(record.topic, (log) => log.replay(group, record));
    },
    deadLetters: {
      ...deadLetters,
      store(group, record) {
        checkSize(record);
        return deadLetters.store(group, record);
      },
    },
    declare(declaration) {
      const group =
        groups.get(declaration.group) ?? createMemoryGroup(declaration.group, { clock, logOf });
      groups.set(declaration.group, group);
      group.declare(declaration);
      for (const topic of declaration.topics) {
        const takers = groupsOf.get(topic) ?? new Set();
        groupsOf.set(topic, takers.add(group));
      }
      return group;
    },
    progress(name, topics) {
      const group = groups.get(name);
      if (group === undefined) throw new BusError("not_provisioned", `there is no group ${name}`);
      return group.progress(topics);
    },
    open: () => createMemoryBroker(store),
    unfinished: (restingOf) =>
      Array.from(groups).flatMap(([name, group]) => group.unfinished(restingOf(name))),
  };
  return store;
}
