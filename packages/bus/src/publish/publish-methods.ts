import type { AppendOptions, NewRecord } from "../broker.ts";
import type { EventBus } from "../bus.ts";
import { BusError } from "../error.ts";
import type { EventMethod } from "../event-method.ts";
import type { BusHealth } from "../health.ts";
import type { Interceptor, PublishCall } from "../interceptor.ts";
import { memoizeLast } from "../kit/memoize-last.ts";
import type { PendingCalls } from "../kit/pending-calls.ts";
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
import { checkRecordSize } from "./check-record-size.ts";
import type { NewEvent } from "./create-event.ts";
import { createPublishInterception, readPublishParts } from "./intercept-publish.ts";
import { publishAtomically } from "./publish-atomically.ts";
import { publishInOrder } from "./publish-in-order.ts";
import type { PublishOptions } from "./publish-options.ts";
import type { PublishAllOptions, PublishOutcome } from "./publish-outcome.ts";
import { createPublishResult, type PublishPipeline } from "./publish-pipeline.ts";
import type { PublishResult } from "./publish-result.ts";
import type { Appender } from "./watch-appends.ts";

/** The publish methods of a bus, and what they count. */
export interface PublishMethods
  extends Pick<EventBus, "publish" | "publishEncoded" | "publishAll"> {
  /** Returns the counters and rates of the bus's stats. */
  readonly readStats: () => Omit<BusStats, keyof BusHealth>;
}

/** What the publish methods of a bus are created from. */
export interface PublishMethodsOptions {
  readonly source: string;
  readonly interceptors: readonly Interceptor[];
  readonly topics: TopicCache;
  /** Tracks the publishes, and the calls of the broker: an interceptor may not wait for those that it starts. */
  readonly pending: PendingCalls;
  /** Aborts when the bus closes: later publishes are rejected with `aborted`. */
  readonly closing: AbortSignal;
}

const publishTimeoutMs = 10_000;

/** Creates the publish methods of a bus. */
export function createPublishMethods(
  broker: Appender,
  { source, interceptors, topics, pending, closing }: PublishMethodsOptions,
): PublishMethods {
  const parts = readPublishParts(interceptors);
  const intercept = createPublishInterception(parts, () => broker.clock.now());
  const formatMemoized = memoizeLast(formatTime);
  const published = createRateCounter(broker.clock);
  const duplicates = createRateCounter(broker.clock);
  const rejected = createRateCounter(broker.clock);
  let publishing = 0;

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

  async function append(record: NewRecord, options: AppendOptions): Promise<PublishResult> {
    return createPublishResult(record, await pending.track(broker.append(record, options)));
  }

  async function store(call: PublishCall): Promise<PublishResult> {
    const options = createAppendOptions(call.options);
    return await append(encode(call), options);
  }

  /** Interceptors see messages. Without interceptors, the bytes are stored as they are. */
  async function storeEncoded(
    method: EventMethod,
    encoded: EncodedMessage,
    options: PublishOptions,
  ): Promise<PublishResult> {
    checkOpen();
    const topic = topics.read(method);
    if (parts.length > 0) {
      const message = decodeMessage(topic.schema, encoded);
      return await intercept({ method, message, options }, store);
    }
    checkEncodedMessage(topic.schema, encoded);
    const record = checkSize(broker, createRecord(topic, encoded, createEncodeOptions(options)));
    return await append(record, createAppendOptions(options));
  }

  /** Counts a publish. `publish` is asynchronous: what it throws is a rejection. */
  async function count(publish: () => Promise<PublishResult>): Promise<PublishResult> {
    publishing++;
    try {
      const result = await pending.track(publish());
      published.add();
      if (result.duplicate) duplicates.add();
      return result;
    } catch (reason) {
      rejected.add();
      throw BusError.from(reason);
    } finally {
      publishing--;
    }
  }

  async function storeAll(
    events: readonly NewEvent[],
    { atomic = false, signal, ...options }: PublishAllOptions,
  ): Promise<readonly PublishOutcome[]> {
    checkOpen();
    const timeoutMs = readTimeout(options);
    const shared = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
    const pipeline: PublishPipeline = {
      broker,
      encode,
      track: (call) => pending.track(call),
      send: (event, final) =>
        count(
          async () =>
            await intercept({ ...event, options: { ...event.options, ...shared } }, final),
        ),
    };
    if (atomic) return await publishAtomically(pipeline, events, { timeoutMs, signal });
    return await publishInOrder(pipeline, events, timeoutMs);
  }

  return {
    publish: (method, message, options = {}) =>
      count(async () => await intercept({ method, message, options }, store)),
    publishEncoded: (method, encoded, options = {}) =>
      count(async () => await storeEncoded(method, encoded, options)),
    async publishAll(events, options = {}) {
      try {
        return await storeAll(events, options);
      } catch (reason) {
        throw BusError.from(reason);
      }
    },
    readStats: () => ({
      publishing,
      published: published.total,
      duplicates: duplicates.total,
      rejected: rejected.total,
      rates: { published: published.perSecond, rejected: rejected.perSecond },
    }),
  };
}

function checkSize({ name, features }: Appender, record: NewRecord): NewRecord {
  const { maxRecordBytes = Infinity } = features;
  return checkRecordSize(record, { name: `the ${name} broker`, maxRecordBytes });
}

function createAppendOptions(options: PublishOptions): AppendOptions {
  return { timeoutMs: readTimeout(options), signal: options.signal };
}

function readTimeout({ timeoutMs = publishTimeoutMs }: PublishOptions): number {
  if (timeoutMs > 0) return timeoutMs;
  throw new BusError("invalid_argument", `timeoutMs must be above 0, got ${timeoutMs}`);
}
