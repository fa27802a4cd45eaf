import { type Appended, BusError, type DeadLetterStore, type NewRecord } from "@fanfare/bus";
import type { JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import { callApi } from "./api.ts";
import { countOf, noneYet } from "./dead-count.ts";
import { isMissing, storedRecordOf } from "./dead-record.ts";
import { makeDeadStream } from "./dead-stream.ts";
import { deadStream, deadSubject, replaySubject } from "./dead-subject.ts";
import { encodeHeaders } from "./headers.ts";
import type { Link } from "./link.ts";
import type { Settings } from "./settings.ts";
import type { Until } from "./until.ts";

/** The most that one page of a list weighs, in bytes. */
const pageBytes = 8 * 1024 * 1024;

/**
 * createDeadLetters keeps the dead letters of each group in a stream of its own, made when the first
 * is stored, where this process may; they stay for ever.
 */
export function createDeadLetters(link: Link, settings: Settings): DeadLetterStore {
  const { prefix } = settings;
  const within = (timeoutMs = settings.requestTimeoutMs): Until => ({
    deadlineAt: Date.now() + timeoutMs,
  });

  const make = async (api: JetStreamManager, group: string) => {
    const stream = deadStream(prefix, group);
    if (!settings.provision) {
      const message = `stream ${stream} for the dead letters of group ${group} is missing and this process may not make it: provision it`;
      throw new BusError("not_provisioned", message);
    }
    await makeDeadStream(api, settings, group);
  };

  /** What is not there is an empty list, not an error. */
  const look = async <T>(
    group: string,
    none: T,
    run: (api: JetStreamManager) => Promise<T>,
    timeoutMs?: number,
  ) => {
    const about = `cannot look at the dead letters of group ${group}`;
    return await callApi(link, { about, until: within(timeoutMs) }, async (api) => {
      try {
        return await run(api);
      } catch (reason) {
        if (isMissing(reason)) return none;
        throw reason;
      }
    });
  };

  const read = (group: string, sequence: number) =>
    look(group, undefined, async (api) => {
      const message = await api.streams.getMessage(deadStream(prefix, group), { seq: sequence });
      return message === null ? undefined : storedRecordOf(message, { prefix, group });
    });

  return {
    store(group, record, { timeoutMs, signal }) {
      const letter = { subject: deadSubject(prefix, group, record.topic), id: record.id, record };
      const about = `cannot store the dead letter ${record.id}`;
      return callApi(link, { about, until: { ...within(timeoutMs), signal } }, async (api) => {
        try {
          return await publish(api, letter);
        } catch (reason) {
          if (!isMissing(reason)) throw reason;
          await make(api, group);
          return await publish(api, letter);
        }
      });
    },
    list: (group, { after, limit }) =>
      look(group, [], async (api) => {
        const stream = deadStream(prefix, group);
        const messages: StoredMsg[] = [];
        const page = { seq: after + 1, batch: limit, max_bytes: pageBytes };
        for await (const message of await api.direct.getBatch(stream, page)) messages.push(message);
        return messages.map((message) => storedRecordOf(message, { prefix, group }));
      }),
    read,
    count: (group, { timeoutMs }) =>
      look(
        group,
        noneYet,
        async (api) => countOf((await api.streams.info(deadStream(prefix, group))).state),
        timeoutMs,
      ),
    remove: (group, sequence) =>
      look(group, false, (api) => api.streams.deleteMessage(deadStream(prefix, group), sequence)),
    replay(group, record, { timeoutMs, signal }) {
      const replay = {
        subject: replaySubject(prefix, record.topic, group),
        // No topic begins so: nothing that is published has the id of a replay.
        id: `_replay/${group}/${record.topic}/${record.id}`,
        record,
      };
      const about = `cannot replay ${record.id} to group ${group}`;
      return callApi(link, { about, until: { ...within(timeoutMs), signal } }, async (api) => {
        try {
          return await publish(api, replay);
        } catch (reason) {
          if (!isMissing(reason)) throw reason;
          const message = `${about}: topic ${record.topic} has no stream`;
          throw new BusError("not_provisioned", message, { cause: reason });
        }
      });
    },
  };
}

async function publish(
  api: JetStreamManager,
  { subject, id, record }: { subject: string; id: string; record: NewRecord },
): Promise<Appended> {
  const headers = encodeHeaders(record.headers, id);
  const ack = await api.jetstream().publish(subject, record.data, { headers });
  return { duplicate: ack.duplicate, sequence: ack.seq };
}
