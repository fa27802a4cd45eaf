import type {
  Appended,
  DeadLetterCount,
  DeadLetterPage,
  NewRecord,
  StoredRecord,
} from "../broker.ts";
import { createTopicLog, type TopicLog, type TopicLogOptions } from "./topic-log.ts";

/** The dead letters of every group, in memory. */
export interface MemoryDeadLetters {
  /** Stores a dead letter. Throws `stream_full`. */
  store(group: string, record: NewRecord): Appended;
  /** Lists a group's dead letters, oldest first. */
  list(group: string, page: DeadLetterPage): readonly StoredRecord[];
  /** Returns a dead letter; undefined when the group has none with that sequence. */
  read(group: string, sequence: number): StoredRecord | undefined;
  /** Counts a group's dead letters. */
  count(group: string): DeadLetterCount;
  /** Removes a dead letter. Returns false when the group has none with that sequence. */
  remove(group: string, sequence: number): boolean;
}

/** Creates an empty store of dead letters. */
export function createMemoryDeadLetters(options: TopicLogOptions): MemoryDeadLetters {
  const logs = new Map<string, TopicLog>();

  function openLog(group: string): TopicLog {
    const log = createTopicLog(`the list of dead letters of ${group}`, options);
    logs.set(group, log);
    // A dead letter is never evicted to make room for another.
    log.retainWhile(() => true);
    return log;
  }

  return {
    store(group, record) {
      const log = logs.get(group) ?? openLog(group);
      return log.append(record);
    },
    list(group, { after, limit }) {
      const found: StoredRecord[] = [];
      const log = logs.get(group);
      const end = log?.next ?? 0;
      for (let sequence = after + 1; sequence < end && found.length < limit; sequence++) {
        const record = log?.get(sequence);
        if (record !== undefined) found.push(record);
      }
      return found;
    },
    read: (group, sequence) => logs.get(group)?.get(sequence),
    count(group) {
      const log = logs.get(group);
      return { count: log?.size ?? 0, oldestAt: log?.oldest?.storedAt };
    },
    remove: (group, sequence) => logs.get(group)?.remove(sequence) ?? false,
  };
}
