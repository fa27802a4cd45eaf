import { type Appended, type AppendOptions, BusError, type NewRecord } from "@fanfare/bus";
import { type ApiError, JetStreamApiError } from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { computePublishDelay } from "../connection/compute-retry-delay.ts";
import type { RequestMessage } from "../connection/request-mux.ts";
import { supportsAtomicBatches } from "../connection/supports-atomic-batches.ts";
import {
  hasNoResponders,
  isTransient,
  readApiCode,
  toBusError,
} from "../connection/to-bus-error.ts";
import { createAbortError, createDeadline, type Deadline, pauseUntil } from "../deadline.ts";
import { encodeHeaders } from "../wire/headers.ts";
import { formatEventSubject } from "../wire/subject.ts";
import type { AppendDeps } from "./append.ts";

/** The error number of a stream that was created without support for atomic batches. */
const atomicPublishDisabled = 10174;

/** The reply of a stream to the last message of a batch. */
interface BatchAck {
  readonly error?: ApiError;
  readonly seq?: number;
  readonly count?: number;
}

/**
 * Creates the broker's `appendAll`: an atomic batch of JetStream. It is sent again only after an answer
 * that states that nothing is stored. When its acknowledgement is lost, `unavailable` and `deadline_exceeded` leave open whether it is stored; the
 * same batch again then rejects with `already_stored`. A batch overtakes publishes of its topic that
 * wait to be sent again after a lost connection.
 */
export function createAppendAll({ connection, requests, streams, settings }: AppendDeps) {
  const send = async (
    client: NatsConnection,
    records: readonly NewRecord[],
    deadline: Deadline,
  ): Promise<readonly Appended[]> => {
    const messages = encodeBatch(settings.prefix, records);
    // The server replies to the first and the last message only. A message that it refuses in between
    // fails the last one.
    const replies: Promise<BatchAck>[] = [];
    for (const [index, message] of messages.entries()) {
      if (index > 0 && index < messages.length - 1) {
        const { subject, data, headers } = message;
        client.publish(subject, data, { headers });
      } else {
        replies.push(requests.request(client, message, deadline).then(parseBatchAck));
      }
    }
    const results = await Promise.allSettled(replies);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    const last = results.at(-1);
    const { seq = 0, count } = last?.status === "fulfilled" ? last.value : {};
    if (count !== records.length) {
      const message = `expected a batch of ${records.length} events to be stored, the server stored ${count}`;
      throw new BusError("internal", message);
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
    if (signal?.aborted === true) throw createAbortError(signal);
    const deadline = createDeadline(timeoutMs, signal);
    for (let failures = 1; ; failures += 1) {
      const client = await connection.connected(deadline);
      checkSupport(client);
      try {
        return await send(client, records, deadline);
      } catch (reason) {
        const error = BusError.from(reason);
        const isStreamOutdated = isAtomicDisabled(error) && settings.provision && failures === 1;
        if (!isStreamOutdated && !isUnstored(error)) throw error;
        if (performance.now() >= deadline.at) throw error;
        if (isStreamOutdated || hasNoResponders(error)) await streams.ensure(first.topic, deadline);
      }
      if (failures > 1) await pauseUntil(computePublishDelay(failures - 1), deadline);
    }
  };
}

function checkSupport(client: NatsConnection): void {
  if (supportsAtomicBatches(client)) return;
  const { version = "" } = client.info ?? {};
  const message = `atomic batches require nats-server 2.12 or newer, found ${version}: upgrade the server, or publish without atomic`;
  throw new BusError("unsupported", message);
}

/** Returns whether an error states that nothing is stored, and that the batch may be stored later. */
function isUnstored(error: BusError): boolean {
  return isTransient(error) && (hasNoResponders(error) || readApiCode(error) !== undefined);
}

function encodeBatch(prefix: string, records: readonly NewRecord[]): Required<RequestMessage>[] {
  const batchId = crypto.randomUUID();
  return records.map(({ topic, id, partition, headers: own, data }, index) => {
    const headers = encodeHeaders(own, `${topic}/${id}`);
    headers.set("Nats-Batch-Id", batchId);
    headers.set("Nats-Batch-Sequence", `${index + 1}`);
    if (index === records.length - 1) headers.set("Nats-Batch-Commit", "1");
    return { subject: formatEventSubject(prefix, topic, partition), headers, data };
  });
}

/** Parses a reply. That to the first of several messages is empty. */
function parseBatchAck(reply: Msg): BatchAck {
  if (reply.data.length === 0) return {};
  const ack = reply.json<BatchAck>();
  if (ack.error === undefined) return ack;
  const refused = "the batch is refused, nothing is stored";
  const error = toBusError(new JetStreamApiError(ack.error), refused);
  if (!isAtomicDisabled(error)) throw error;
  const { code, message, cause } = error;
  throw new BusError(code, `${message}: provision the stream again to allow atomic batches`, {
    cause,
  });
}

function isAtomicDisabled(error: BusError): boolean {
  return readApiCode(error) === atomicPublishDisabled;
}
