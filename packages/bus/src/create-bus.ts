import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { AppendOptions, Broker, NewRecord } from "./broker.ts";
import type { EventBus } from "./bus.ts";
import type { EventRouter } from "./consume/event-router.ts";
import { type Binding, collectBindings } from "./consume/event-router.ts";
import { openSubscription } from "./consume/open-subscription.ts";
import type { SubscribeOptions } from "./consume/subscribe-options.ts";
import type { StopOptions, StopReport, Subscription } from "./consume/subscription.ts";
import { checkGroup, resolveSettings } from "./consume/subscription-settings.ts";
import { createDeadLetters } from "./dead-letters/dead-letters.ts";
import { deadLetterOverheadBytes } from "./dead-letters/encode-dead-letter.ts";
import { BusError } from "./error.ts";
import type { EventMethod } from "./event-method.ts";
import type { BusHealth } from "./health.ts";
import {
  chain,
  type Handle,
  type Interceptor,
  type Publish,
  type PublishCall,
} from "./interceptor.ts";
import { createDrainableSet } from "./kit/drainable-set.ts";
import { memoizeLast } from "./kit/memoize-last.ts";
import { createRateCounter } from "./kit/rate-counter.ts";
import { settlesWithin } from "./kit/settles-within.ts";
import type { NewEvent } from "./publish/create-event.ts";
import { publishAtomically } from "./publish/publish-atomically.ts";
import { publishInOrder } from "./publish/publish-in-order.ts";
import type { PublishOptions } from "./publish/publish-options.ts";
import type { PublishAllOptions, PublishOutcome } from "./publish/publish-outcome.ts";
import { createPublishResult } from "./publish/publish-pipeline.ts";
import type { PublishResult } from "./publish/publish-result.ts";
import type { BusStats, StatsOptions } from "./stats.ts";
import { createTopicCache } from "./topic-cache.ts";
import { createRecord, type EncodeOptions, formatTime } from "./wire/create-record.ts";
import { encodeEvent } from "./wire/encode-event.ts";
import { checkEncodedMessage, decodeMessage, type EncodedMessage } from "./wire/encoded-message.ts";
import { measureRecord } from "./wire/measure-record.ts";

/** The options of every bus. Connectors, such as `connectNats`, extend them with their broker's. */
export interface BusOptions {
  /** The publisher, as CloudEvents' `source`: a URI reference such as `//trips.example.com`. */
  readonly source: string;
  /** Called around every publish and every handler. The first is outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** The timeout of `stop` and `close`, in milliseconds. Default: 10,000. */
  readonly stopTimeoutMs?: number;
}

const publishTimeoutMs = 10_000;

interface EncodedCall extends Pick<PublishCall, "method" | "options"> {
  readonly encoded: EncodedMessage;
}

/**
 * Creates a bus on a broker. The bus owns the broker: `close` closes it. Throws `invalid_argument` for an
 * empty source.
 *
 * @example
 * await using bus = createBus(createMemoryBroker(), { source: "//trips.example.com" });
 */
export function createBus(
  broker: Broker,
  { source, interceptors = [], stopTimeoutMs = 10_000 }: BusOptions,
): EventBus {
  if (source === "" || !source.isWellFormed()) {
    throw new BusError(
      "invalid_argument",
      "source must not be empty: name the publisher, such as //trips.example.com",
    );
  }
  const topics = createTopicCache();
  const writeTime = memoizeLast(formatTime);
  const publishing = createDrainableSet<Promise<PublishResult>>();
  const published = createRateCounter(broker.clock);
  const duplicates = createRateCounter(broker.clock);
  const refused = createRateCounter(broker.clock);
  const subscriptions = new Set<Subscription>();
  /** What this process takes, as `<group> <topic>`: taken twice, a key would be handled twice at a time. */
  const taken = new Set<string>();
  let closing: Promise<StopReport> | undefined;

  function refuseIfClosed(): void {
    if (closing !== undefined) throw new BusError("aborted", "the bus is closed");
  }

  const aroundPublish = interceptors.flatMap(({ publish: wrap }) => wrap ?? []);
  const intercept = chain<Publish>(store, aroundPublish);
  // What an interceptor throws at once is a rejection as well.
  const send: Publish = aroundPublish.length === 0 ? store : async (call) => await intercept(call);
  const aroundHandle = interceptors.flatMap(({ handle }) => handle ?? []);

  function encodeCall({ method, message, options }: PublishCall): NewRecord {
    refuseIfClosed();
    return checkSize(encodeEvent(topics.read(method), message, createEncodeOptions(options)));
  }

  function createEncodeOptions(options: PublishOptions): EncodeOptions {
    return { ...options, source, now: broker.clock.now(), formatTime: writeTime };
  }

  async function store(call: PublishCall): Promise<PublishResult> {
    const options = appendOptions(call.options);
    const record = encodeCall(call);
    return createPublishResult(record, await broker.append(record, options));
  }

  /** Interceptors see messages: only where there is none, the bytes go on as they are. */
  async function storeEncoded({ method, encoded, options }: EncodedCall): Promise<PublishResult> {
    refuseIfClosed();
    const topic = topics.read(method);
    if (aroundPublish.length > 0) {
      return await send({ method, message: decodeMessage(topic.schema, encoded), options });
    }
    checkEncodedMessage(topic.schema, encoded);
    const record = checkSize(createRecord(topic, encoded, createEncodeOptions(options)));
    return createPublishResult(record, await broker.append(record, appendOptions(options)));
  }

  function checkSize(record: NewRecord): NewRecord {
    const { maxRecordBytes = Infinity } = broker.features;
    const bytes = measureRecord(record);
    const most = maxRecordBytes - deadLetterOverheadBytes;
    if (bytes <= most) return record;
    throw new BusError(
      "too_large",
      `event ${record.id} has ${bytes} bytes, the most is ${most}: the ${broker.name} broker takes ${maxRecordBytes}, of which a dead letter needs the rest`,
    );
  }

  function publish<I extends DescMessage>(
    method: EventMethod<I>,
    message: MessageShape<I>,
    options: PublishOptions = {},
  ): Promise<PublishResult> {
    return follow(send({ method, message, options }));
  }

  function publishEncoded(
    method: EventMethod,
    encoded: EncodedMessage,
    options: PublishOptions = {},
  ): Promise<PublishResult> {
    return follow(storeEncoded({ method, encoded, options }));
  }

  async function follow(sending: Promise<PublishResult>): Promise<PublishResult> {
    publishing.add(sending);
    try {
      const result = await sending;
      published.add();
      if (result.duplicate) duplicates.add();
      return result;
    } catch (reason) {
      refused.add();
      throw BusError.from(reason);
    } finally {
      publishing.delete(sending);
    }
  }

  async function publishAll(
    events: readonly NewEvent[],
    { atomic = false, signal, ...options }: PublishAllOptions = {},
  ): Promise<readonly PublishOutcome[]> {
    refuseIfClosed();
    const timeoutMs = deadlineOf(options);
    const pipeline = {
      broker,
      interceptors: aroundPublish,
      encode: encodeCall,
      track: follow,
    };
    const about = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
    const calls = events.map((event) => ({ ...event, options: { ...event.options, ...about } }));
    if (atomic) return await publishAtomically(pipeline, calls, { timeoutMs, signal });
    return await publishInOrder(pipeline, calls, timeoutMs);
  }

  async function subscribe(
    group: string,
    bind: (on: EventRouter) => void,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    refuseIfClosed();
    checkGroup(group);
    const settings = resolveSettings(options);
    const bindings = intercepted(collectBindings(topics, bind), aroundHandle);
    const release = take(group, bindings);
    try {
      const { subscription, drained } = await openSubscription(broker, {
        group,
        bindings,
        settings,
        stopTimeoutMs,
      });
      void subscription.closed.then(track(subscription));
      void drained.then(release);
      if (closing !== undefined) {
        await subscription.stop({ timeoutMs: 0 });
        refuseIfClosed();
      }
      return subscription;
    } catch (reason) {
      release();
      throw BusError.from(reason);
    }
  }

  function track(subscription: Subscription): () => void {
    subscriptions.add(subscription);
    return () => {
      subscriptions.delete(subscription);
    };
  }

  function take(group: string, bindings: ReadonlyMap<string, Binding>): () => void {
    const names = Array.from(bindings.keys(), (topic) => `${group} ${topic}`);
    for (const name of names) {
      if (!taken.has(name)) continue;
      const [, topic] = name.split(" ");
      throw new BusError(
        "already_bound",
        `this bus takes ${topic} for the group ${group} already: raise the concurrency, or stop that subscription and let its handlers end`,
      );
    }
    for (const name of names) taken.add(name);
    return () => {
      for (const name of names) taken.delete(name);
    };
  }

  async function shutDown(timeoutMs: number): Promise<StopReport> {
    const until = Date.now() + timeoutMs;
    const stopping = Array.from(subscriptions, (subscription) => subscription.stop({ timeoutMs }));
    const allSent = settlesWithin(publishing.whenEmpty(), timeoutMs, broker);
    const reports = await Promise.all(stopping);
    await allSent;
    await settlesWithin(broker.close(), Math.max(0, until - Date.now()), broker);
    return { unsettled: reports.flatMap(({ unsettled }) => unsettled) };
  }

  function close({ timeoutMs = stopTimeoutMs }: StopOptions = {}): Promise<StopReport> {
    closing ??= shutDown(timeoutMs);
    return closing;
  }

  function health(): BusHealth {
    return {
      broker: broker.name,
      ...broker.health(),
      subscriptions: Array.from(subscriptions, (subscription) => subscription.health()),
    };
  }

  async function stats(options?: StatsOptions): Promise<BusStats> {
    const each = await Promise.all(Array.from(subscriptions, (one) => one.stats(options)));
    return {
      ...health(),
      publishing: publishing.size,
      published: published.total,
      duplicates: duplicates.total,
      rejected: refused.total,
      rates: { published: published.perSecond, rejected: refused.perSecond },
      subscriptions: each,
    };
  }

  return {
    publish,
    publishEncoded,
    publishAll,
    subscribe,
    track,
    close,
    deadLetters(group) {
      checkGroup(group);
      return createDeadLetters(broker, group);
    },
    health,
    stats,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

function appendOptions(options: PublishOptions): AppendOptions {
  return { timeoutMs: deadlineOf(options), signal: options.signal };
}

function deadlineOf({ timeoutMs = publishTimeoutMs }: PublishOptions): number {
  if (timeoutMs > 0) return timeoutMs;
  throw new BusError("invalid_argument", `timeoutMs must be above 0, not ${timeoutMs}`);
}

function intercepted(
  bindings: ReadonlyMap<string, Binding>,
  around: readonly ((next: Handle) => Handle)[],
): ReadonlyMap<string, Binding> {
  if (around.length === 0) return bindings;
  const wrap = (binding: Binding): Binding => {
    const { method } = binding;
    const handle = chain<Handle>(async (call) => {
      await binding.handler(call.message, call.delivery);
    }, around);
    return { ...binding, handler: (message, delivery) => handle({ method, message, delivery }) };
  };
  return new Map(Array.from(bindings, ([topic, binding]) => [topic, wrap(binding)]));
}
