import { type Appended, type AppendOptions, BusError, type NewRecord } from "@fanfare/bus";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import type { RequestMux } from "../connection/request-mux.ts";
import { isTransient } from "../connection/to-bus-error.ts";
import { createAbortError } from "../deadline.ts";
import type { Settings } from "../settings.ts";
import type { TopicStreams } from "../streams/topic-streams.ts";
import { encodeHeaders } from "../wire/headers.ts";
import { formatEventSubject, formatStreamName } from "../wire/subject.ts";
import { createInFlightWindow } from "./in-flight-window.ts";
import { parsePubAck } from "./parse-pub-ack.ts";
import { createPublishQueue, type PublishQueue, type QueuedPublish } from "./publish-queue.ts";

/**
 * How long a publish waits for its acknowledgement before it is sent again, in milliseconds; doubled each
 * time. A server that dies after it took an event acknowledges nothing.
 */
const replyTimeoutMs = 2_000;

/** What publishing requires. */
export interface AppendDeps {
  readonly connection: ManagedConnection;
  readonly requests: RequestMux;
  readonly streams: TopicStreams;
  readonly settings: Settings;
}

/** The functions that settle the promise of one publish. */
interface Settle {
  resolve(appended: Appended): void;
  reject(error: BusError): void;
}

/**
 * Creates the broker's `append`. Events of a topic are stored in the order of calls. A publish whose
 * acknowledgement is lost is sent again under the same id until its deadline, so `duplicate` may also
 * mean that its own first copy had arrived. A missing stream is created where `provision` allows it.
 */
export function createAppend({ connection, requests, streams, settings }: AppendDeps) {
  const queues = new Map<string, PublishQueue>();
  let count = 0;
  const window = createInFlightWindow<QueuedPublish & { readonly queue: PublishQueue }>(
    settings,
    (publish) => publish.queue.send(publish),
  );

  const getQueue = (topic: string): PublishQueue => {
    const known = queues.get(topic);
    if (known !== undefined) return known;
    const queue = createPublishQueue({
      connection,
      ensureStream: (deadline) => streams.ensure(topic, deadline),
    });
    queues.set(topic, queue);
    return queue;
  };

  const start = (record: NewRecord, options: AppendOptions, settle: Settle) => {
    const { topic, data } = record;
    const subject = formatEventSubject(settings.prefix, topic, record.partition);
    const stream = formatStreamName(settings.prefix, topic);
    const headers = encodeHeaders(record.headers, `${topic}/${record.id}`);
    const deadlineAt = performance.now() + options.timeoutMs;
    const queue = getQueue(topic);

    const end = (isStored: boolean) => {
      request.cancel();
      queue.remove(publish, isStored);
      window.remove(publish);
    };
    const onFailure = (error: BusError) => {
      if (isTransient(error) || error.code === "not_provisioned") queue.resend(publish, error);
      else publish.reject(error);
    };
    /** Adds the reason why a late publish was late. */
    const explainDeadline = (error: BusError) => {
      const cause = publish.failure ?? connection.health().lastError;
      if (cause === undefined) return error;
      if (publish.failure?.code === "not_provisioned") {
        const message = `${publish.failure.message} within ${options.timeoutMs} ms: stream ${stream} is missing, or has no leader; provision it`;
        return new BusError("not_provisioned", message, { cause });
      }
      return new BusError("deadline_exceeded", `${error.message}: ${cause.message}`, { cause });
    };
    const request = requests.open({
      message: { subject, headers, data },
      deadline: { at: deadlineAt, signal: options.signal },
      replyTimeoutMs,
      onReply(reply) {
        const result = parsePubAck(reply, { stream, subject });
        if (result instanceof BusError) return onFailure(result);
        end(true);
        settle.resolve(result);
      },
      onFailure,
    });
    const publish: QueuedPublish & { readonly queue: PublishQueue } = {
      order: (count += 1),
      queue,
      request,
      deadlineAt,
      isSent: false,
      failure: undefined,
      reject(error: BusError) {
        end(false);
        settle.reject(error.code === "deadline_exceeded" ? explainDeadline(error) : error);
      },
    };
    window.add(publish);
  };

  return (record: NewRecord, options: AppendOptions): Promise<Appended> =>
    new Promise((resolve, reject) => {
      if (options.signal?.aborted === true) throw createAbortError(options.signal);
      start(record, options, { resolve, reject });
    });
}
