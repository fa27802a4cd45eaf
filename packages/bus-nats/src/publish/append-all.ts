import { type Appended, type AppendOptions, BusError, type NewRecord } from "@fanfare/bus";
import { type ApiError, JetStreamApiError } from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import type { RequestMessage } from "../connection/request-mux.ts";
import { supportsAtomicBatches } from "../connection/supports-atomic-batches.ts";
import { createApiError } from "../connection/to-bus-error.ts";
import { createAbortError, createDeadline, type Deadline } from "../deadline.ts";
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
 * Creates the broker's `appendAll`: an atomic batch of JetStream. It is sent once. When its
 * acknowledgement is lost, `unavailable` and `deadline_exceeded` leave open whether it is stored; the
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
    const client = await connection.connected(deadline);
    if (!supportsAtomicBatches(client)) {
      const { version = "" } = client.info ?? {};
      const message = `atomic batches require nats-server 2.12 or newer, found ${version}: upgrade the server, or publish without atomic`;
      throw new BusError("unsupported", message);
    }
    try {
      return await send(client, records, deadline);
    } catch (reason) {
      const error = BusError.from(reason);
      if (error.code !== "not_provisioned" && !isAtomicDisabled(error)) throw error;
      if (!settings.provision && isAtomicDisabled(error)) throw error;
      await streams.ensure(first.topic, deadline);
      return await send(await connection.connected(deadline), records, deadline);
    }
  };
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
  const error = createApiError(
    new JetStreamApiError(ack.error),
    "the batch is refused, nothing is stored",
  );
  if (!isAtomicDisabled(error)) throw error;
  const { code, message, cause } = error;
  throw new BusError(code, `${message}: provision the stream again to allow atomic batches`, {
    cause,
  });
}

function isAtomicDisabled({ cause }: BusError): boolean {
  return cause instanceof JetStreamApiError && cause.code === atomicPublishDisabled;
}
