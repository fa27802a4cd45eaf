import {
  type Appended,
  type AppendOptions,
  BusError,
  type DeadLetterStore,
  type NewRecord,
} from "@fanfare/bus";
import type { JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import { callJetStream } from "../connection/call-jetstream.ts";
import { isMissing } from "../connection/is-missing.ts";
import { isNotFound, isUnanswered } from "../connection/is-not-found.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import { rejectWhenDenied } from "../connection/reject-when-denied.ts";
import { createDeadline } from "../deadline.ts";
import type { Settings } from "../settings.ts";
import { createHeaderDecoder, encodeHeaders } from "../wire/headers.ts";
import { formatStreamName } from "../wire/subject.ts";
import { countDeadLetters, noDeadLetters } from "./count-dead-letters.ts";
import { createDeadLetterStream } from "./dead-letter-stream.ts";
import {
  formatDeadLetterStream,
  formatDeadLetterSubject,
  formatReplaySubject,
} from "./dead-letter-subject.ts";
import { decodeDeadLetter } from "./decode-dead-letter.ts";

/** The largest page of a list, in bytes. */
const maxPageBytes = 8 * 1024 * 1024;

/** A message to publish, and what to do when the stream that stores it is missing. */
interface Publication {
  readonly about: string;
  readonly subject: string;
  readonly dedupeId: string;
  readonly record: NewRecord;
  /** The stream that stores the subject. */
  readonly stream: string;
  /** Creates the missing stream, or rejects. */
  onStreamMissing(api: JetStreamManager, reason: unknown): Promise<void>;
}

/**
 * Creates the broker's dead letter store: a stream for each group, created with its first dead letter
 * where `provision` allows it.
 */
export function createDeadLetterStore(
  connection: ManagedConnection,
  settings: Settings,
): DeadLetterStore {
  const { prefix } = settings;
  const decodeHeaders = createHeaderDecoder();

  const publish = (publication: Publication, options: AppendOptions): Promise<Appended> => {
    const { about, subject, dedupeId, record } = publication;
    const deadline = createDeadline(options.timeoutMs, options.signal);
    return callJetStream(connection, { about, deadline }, async (api) => {
      const send = async () => {
        const headers = encodeHeaders(record.headers, dedupeId);
        const ack = await api.jetstream().publish(subject, record.data, { headers });
        return { duplicate: ack.duplicate, sequence: ack.seq };
      };
      try {
        return await send();
      } catch (reason) {
        if (!isUnanswered(reason)) throw reason;
        if (!(await isMissing(api, publication.stream))) throw createNoLeader(reason, about);
        await publication.onStreamMissing(api, reason);
        return await send();
      }
    });
  };

  /** Runs a read. Resolves to `fallback` when the stream or the message does not exist. */
  const read = <T>(
    group: string,
    fallback: T,
    run: (api: JetStreamManager, stream: string) => Promise<T>,
    timeoutMs = settings.requestTimeoutMs,
  ): Promise<T> => {
    const about = `cannot access the dead letters of group ${group}`;
    const deadline = createDeadline(timeoutMs);
    return callJetStream(connection, { about, deadline }, async (api) => {
      const stream = formatDeadLetterStream(prefix, group);
      try {
        return await run(api, stream);
      } catch (reason) {
        if (isNotFound(reason)) return fallback;
        if (!isUnanswered(reason)) throw reason;
        if (await isMissing(api, stream)) return fallback;
        throw createNoLeader(reason, about);
      }
    });
  };

  const decode = (group: string, message: StoredMsg) =>
    decodeDeadLetter(message, { prefix, group }, decodeHeaders);

  return {
    async store(group, record, options) {
      const letter: Publication = {
        about: `cannot store the dead letter ${record.id} of group ${group}`,
        subject: formatDeadLetterSubject(prefix, group, record.topic),
        stream: formatDeadLetterStream(prefix, group),
        dedupeId: record.id,
        record,
        async onStreamMissing(api) {
          if (settings.provision) return await createDeadLetterStream(api, settings, group);
          const stream = formatDeadLetterStream(prefix, group);
          const message = `stream ${stream} for the dead letters of group ${group} is missing and this process may not create it: provision it`;
          throw new BusError("not_provisioned", message);
        },
      };
      return await publish(letter, options);
    },
    list: (group, { after, limit }) =>
      read(group, [], async (api, stream) => {
        const readPage = async () => {
          const messages: StoredMsg[] = [];
          const page = { seq: after + 1, batch: limit, max_bytes: maxPageBytes };
          for await (const message of await api.direct.getBatch(stream, page))
            messages.push(message);
          return messages.map((message) => decode(group, message));
        };
        const subject = `${connection.apiPrefix}.DIRECT.GET.${stream}`;
        return await rejectWhenDenied(connection, subject, readPage());
      }),
    read: (group, sequence) =>
      read(group, undefined, async (api, stream) => {
        const message = await api.streams.getMessage(stream, { seq: sequence });
        return message === null ? undefined : decode(group, message);
      }),
    count: (group, { timeoutMs }) =>
      read(
        group,
        noDeadLetters,
        async (api, stream) => countDeadLetters((await api.streams.info(stream)).state),
        timeoutMs,
      ),
    remove: (group, sequence) =>
      read(group, false, (api, stream) => api.streams.deleteMessage(stream, sequence)),
    async replay(group, record, options) {
      const { topic, id } = record;
      const about = `cannot replay ${id} to group ${group}`;
      const replay: Publication = {
        about,
        subject: formatReplaySubject(prefix, topic, group),
        stream: formatStreamName(prefix, topic),
        // No topic begins with `_`, so no published event has this id.
        dedupeId: `_replay/${group}/${topic}/${id}`,
        record,
        onStreamMissing(_api, cause) {
          const message = `${about}: topic ${topic} has no stream, provision it`;
          throw new BusError("not_provisioned", message, { cause });
        },
      };
      return await publish(replay, options);
    },
  };
}

/** Creates the error of a stream that exists and does not answer. The call is repeated. */
function createNoLeader(cause: unknown, about: string): BusError {
  return new BusError("no_leader", `${about}: its stream has no leader`, { cause });
}
