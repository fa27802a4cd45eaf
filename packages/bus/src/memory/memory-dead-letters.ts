import type {
  Appended,
  DeadLetterCount,
  DeadLetterPage,
  NewRecord,
  StoredRecord,
} from "../broker.ts";
import type { Clock } from "../kit/clock.ts";
import { createTopicLog, type TopicLog } from "./topic-log.ts";

/** MemoryDeadLetters are the dead letters of every group, in memory. */
export interface MemoryDeadLetters {
  store(group: string, record: NewRecord): Appended;
  list(group: string, page: DeadLetterPage): readonly StoredRecord[];
  read(group: string, sequence: number): StoredRecord | undefined;
  count(group: string): DeadLetterCount;
  remove(group: string, sequence: number): boolean;
}

export function createMemoryDeadLetters(options: {
  readonly clock: Clock;
  readonly dedupeWindowMs: number;
  readonly maxRecords: number;
}): MemoryDeadLetters {
  const logs = new Map<string, TopicLog>();

  function openLog(group: string): TopicLog {
    const log = createTopicLog(`the list of dead letters of ${group}`, options);
    logs.set(group, log);
    // None makes room for another.
    log.addReader(() => true);
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
