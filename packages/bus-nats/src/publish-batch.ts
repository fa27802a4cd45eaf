import { type Appended, type AppendOptions, BusError, type NewRecord } from "@fanfare/bus";
import { type ApiError, JetStreamApiError } from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { apiError } from "./errors.ts";
import { encodeHeaders } from "./headers.ts";
import type { PublishDeps } from "./publish.ts";
import type { Question } from "./replies.ts";
import { takesBatches } from "./server-version.ts";
import { topicSubject } from "./subject.ts";
import { abortedBy, type Until } from "./until.ts";

/** atomicPublishDisabled is what a stream says that was made for servers without batches. */
const atomicPublishDisabled = 10174;

/** Committed is what a stream says to the last message of a batch. */
interface Committed {
  readonly error?: ApiError;
  readonly seq?: number;
  readonly count?: number;
}

/**
 * createPublishBatch returns the broker's `appendAll`: an atomic batch of JetStream. It is sent once:
 * when its answer is lost, `unavailable` and `deadline_exceeded` leave open whether it is stored, and
 * the same batch again is `already_stored` if so. While a topic's events wait to be sent again after a
 * lost connection, a batch overtakes them.
 */
export function createPublishBatch({ link, replies, streams, settings }: PublishDeps) {
  const send = async (
    connection: NatsConnection,
    records: readonly NewRecord[],
    until: Until,
  ): Promise<readonly Appended[]> => {
    const messages = messagesOf(settings.prefix, records);
    // The server answers the first and the last alone; the others' faults make the last one fail.
    const answers: Promise<Committed>[] = [];
    for (const [index, message] of messages.entries()) {
      if (index > 0 && index < messages.length - 1) {
        const { subject, data, headers } = message;
        connection.publish(subject, data, { headers });
      } else answers.push(replies.ask(connection, message, until).then(committed));
    }
    const settled = await Promise.allSettled(answers);
    for (const answer of settled) if (answer.status === "rejected") throw answer.reason;
    const last = settled.at(-1);
    const { seq = 0, count } = last?.status === "fulfilled" ? last.value : {};
    if (count !== records.length) {
      throw new BusError("internal", `a batch of ${records.length} was stored as ${count}`);
    }
    return records.map((_, index) => ({
      duplicate: false,
      sequence: seq - records.length + 1 + index,
    }));
  };

  return async (
    records: readonly NewRecord[],
    { timeoutMs, signal }: AppendOptions,
  ): Promise<readonly Appended[]> => {
    const [first] = records;
    if (first === undefined) return [];
    if (signal?.aborted === true) throw abortedBy(signal);
    const until = { deadlineAt: Date.now() + timeoutMs, signal };
    const connection = await link.connected(until);
    if (!takesBatches(connection)) {
      const { version = "" } = connection.info ?? {};
      const why = `nats-server ${version} cannot store events all or none: 2.12 or newer can`;
      throw new BusError("unsupported", why);
    }
    try {
      return await send(connection, records, until);
    } catch (reason) {
      const error = BusError.from(reason);
      if (error.code !== "not_provisioned" && !isDisabled(error)) throw error;
      if (!settings.provision && isDisabled(error)) throw error;
      await streams.ensure(first.topic, until);
      return await send(await link.connected(until), records, until);
    }
  };
}

function messagesOf(prefix: string, records: readonly NewRecord[]): Required<Question>[] {
  const batch = crypto.randomUUID();
  return records.map(({ topic, id, partition, headers, data }, index) => {
    const encoded = encodeHeaders(headers, `${topic}/${id}`);
    encoded.set("Nats-Batch-Id", batch);
    encoded.set("Nats-Batch-Sequence", `${index + 1}`);
    if (index === records.length - 1) encoded.set("Nats-Batch-Commit", "1");
    return { subject: topicSubject(prefix, topic, partition), headers: encoded, data };
  });
}

/** committed reads an answer: that to the first message of several is empty. */
function committed(message: Msg): Committed {
  if (message.data.length === 0) return {};
  const answer = message.json<Committed>();
  if (answer.error === undefined) return answer;
  const error = apiError(new JetStreamApiError(answer.error), "nothing of the batch is stored");
  if (!isDisabled(error)) throw error;
  const { code, message: why, cause } = error;
  throw new BusError(code, `${why}; provision the stream again`, { cause });
}

function isDisabled({ cause }: BusError): boolean {
  return cause instanceof JetStreamApiError && cause.code === atomicPublishDisabled;
}
