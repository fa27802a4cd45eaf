import type { AppendOptions, Broker, NewRecord } from "../broker.ts";
import type { EventBus } from "../bus.ts";
import { deadLetterOverheadBytes } from "../dead-letters/encode-dead-letter.ts";
import { BusError } from "../error.ts";
import { chain, type Interceptor, type Publish, type PublishCall } from "../interceptor.ts";
import { createDrainableSet } from "../kit/drainable-set.ts";
import { memoizeLast } from "../kit/memoize-last.ts";
import { createRateCounter } from "../kit/rate-counter.ts";
import type { BusStats } from "../stats.ts";
import type { TopicCache } from "../topic-cache.ts";
import { createRecord, type EncodeOptions, formatTime } from "../wire/create-record.ts";
import { encodeEvent } from "../wire/encode-event.ts";
import {
  checkEncodedMessage,
  decodeMessage,
  type EncodedMessage,
} from "../wire/encoded-message.ts";
import { measureRecord } from "../wire/measure-record.ts";
import { publishAtomically } from "./publish-atomically.ts";
import { publishInOrder } from "./publish-in-order.ts";
import type { PublishOptions } from "./publish-options.ts";
import { createPublishResult } from "./publish-pipeline.ts";
import type { PublishResult } from "./publish-result.ts";

/** The publish methods of a bus, and what they count. */
export interface PublishMethods
  extends Pick<EventBus, "publish" | "publishEncoded" | "publishAll"> {
  /** Returns the counters and rates of the bus's stats. */
  readonly readStats: () => Omit<BusStats, "broker" | "connected" | "lastError" | "subscriptions">;
  /** Resolves once no publish is pending. */
  readonly whenIdle: () => Promise<void>;
}

/** What the publish methods of a bus are created from. */
export interface PublishMethodsOptions {
  readonly source: string;
  readonly interceptors: readonly Interceptor[];
  readonly topics: TopicCache;
  /** Aborts when the bus closes: later publishes are rejected with `aborted`. */
  readonly closing: AbortSignal;
}

interface EncodedCall extends Pick<PublishCall, "method" | "options"> {
  readonly encoded: EncodedMessage;
}

const publishTimeoutMs = 10_000;

/** Creates the publish methods of a bus. */
export function createPublishMethods(
  broker: Broker,
  { source, interceptors, topics, closing }: PublishMethodsOptions,
): PublishMethods {
  const parts = interceptors.flatMap(({ publish }) => publish ?? []);
  const formatMemoized = memoizeLast(formatTime);
  const pending = createDrainableSet<Promise<PublishResult>>();
  const published = createRateCounter(broker.clock);
  const duplicates = createRateCounter(broker.clock);
  const rejected = createRateCounter(broker.clock);
  const intercept = chain<Publish>(store, parts);
  // An interceptor that throws synchronously rejects the publish as well.
  const send: Publish = parts.length === 0 ? store : async (call) => await intercept(call);

  function checkOpen(): void {
    if (closing.aborted) throw new BusError("aborted", "the bus is closed");
  }

  function encode({ method, message, options }: PublishCall): NewRecord {
    checkOpen();
    const record = encodeEvent(topics.read(method), message, createEncodeOptions(options));
    return checkSize(broker, record);
  }

  function createEncodeOptions(options: PublishOptions): EncodeOptions {
    return { ...options, source, now: broker.clock.now(), formatTime: formatMemoized };
  }

  async function store(call: PublishCall): Promise<PublishResult> {
    const options = createAppendOptions(call.options);
    const record = encode(call);
    return createPublishResult(record, await broker.append(record, options));
  }

  /** Interceptors see messages. Without interceptors, the bytes are stored as they are. */
  async function storeEncoded({ method, encoded, options }: EncodedCall): Promise<PublishResult> {
    checkOpen();
    const topic = topics.read(method);
    if (parts.length > 0) {
      return await send({ method, message: decodeMessage(topic.schema, encoded), options });
    }
    checkEncodedMessage(topic.schema, encoded);
    const record = checkSize(broker, createRecord(topic, encoded, createEncodeOptions(options)));
    return createPublishResult(record, await broker.append(record, createAppendOptions(options)));
  }

  async function track(publishing: Promise<PublishResult>): Promise<PublishResult> {
    pending.add(publishing);
    try {
      const result = await publishing;
      published.add();
      if (result.duplicate) duplicates.add();
      return result;
    } catch (reason) {
      rejected.add();
      throw BusError.from(reason);
    } finally {
      pending.delete(publishing);
    }
  }

  return {
    publish: (method, message, options = {}) => track(send({ method, message, options })),
    publishEncoded: (method, encoded, options = {}) =>
      track(storeEncoded({ method, encoded, options })),
    async publishAll(events, { atomic = false, signal, ...options } = {}) {
      checkOpen();
      const timeoutMs = readTimeout(options);
      const pipeline = { broker, interceptors: parts, encode, track };
      const shared = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
      const calls = events.map((event) => ({
        ...event,
        options: { ...event.options, ...shared },
      }));
      if (atomic) return await publishAtomically(pipeline, calls, { timeoutMs, signal });
      return await publishInOrder(pipeline, calls, timeoutMs);
    },
    readStats: () => ({
      publishing: pending.size,
      published: published.total,
      duplicates: duplicates.total,
      rejected: rejected.total,
      rates: { published: published.perSecond, rejected: rejected.perSecond },
    }),
    whenIdle: () => pending.whenEmpty(),
  };
}

function checkSize({ name, features }: Broker, record: NewRecord): NewRecord {
  const { maxRecordBytes = Infinity } = features;
  const bytes = measureRecord(record);
  const maxBytes = maxRecordBytes - deadLetterOverheadBytes;
  if (bytes <= maxBytes) return record;
  throw new BusError(
    "too_large",
    `event ${record.id} has ${bytes} bytes, the limit is ${maxBytes}: the ${name} broker stores up to ${maxRecordBytes}, of which ${deadLetterOverheadBytes} are reserved for dead letters`,
  );
}

function createAppendOptions(options: PublishOptions): AppendOptions {
  return { timeoutMs: readTimeout(options), signal: options.signal };
}

function readTimeout({ timeoutMs = publishTimeoutMs }: PublishOptions): number {
  if (timeoutMs > 0) return timeoutMs;
  throw new BusError("invalid_argument", `timeoutMs must be above 0, got ${timeoutMs}`);
}
