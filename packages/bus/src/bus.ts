import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { EventRouter } from "./consume/event-router.ts";
import type { SubscribeOptions } from "./consume/subscribe-options.ts";
import type { StopOptions, StopReport, Subscription } from "./consume/subscription.ts";
import type { DeadLetters } from "./dead-letters/dead-letters.ts";
import type { EventMethod } from "./event-method.ts";
import type { BusHealth } from "./health.ts";
import type { NewEvent } from "./publish/create-event.ts";
import type { PublishOptions } from "./publish/publish-options.ts";
import type { PublishAllOptions, PublishOutcome } from "./publish/publish-outcome.ts";
import type { PublishResult } from "./publish/publish-result.ts";
import type { BusStats, StatsOptions } from "./stats.ts";
import type { EncodedMessage } from "./wire/encoded-message.ts";

/**
 * Stores events, and delivers each to every group that subscribes to its topic.
 *
 * - An event is stored before `publish` resolves, and stored once per id.
 * - Each group receives every event that is stored after the group was declared, at least once.
 * - Groups never affect one another. Processes of one group share its events.
 * - Within a process, events with the same key are handled in order and never two at a time.
 *
 * Methods reject with a BusError. Publish with `createPublisher`.
 */
export interface EventBus extends AsyncDisposable {
  /** The default timeout of `close`, and of `stop` of its subscriptions, in milliseconds. */
  readonly stopTimeoutMs: number;
  /**
   * Stores an event, and resolves once the broker has it. Rejects with an error whose `retryable` states
   * whether the same call, with the same id, may be repeated.
   */
  publish<I extends DescMessage>(
    method: EventMethod<I>,
    message: MessageShape<I>,
    options?: PublishOptions,
  ): Promise<PublishResult>;
  /**
   * Stores an event that is encoded already, as an outbox keeps it, with the guarantees of `publish`.
   * Rejects with `undecodable` when the type name is not the method's, or when the bytes are cut short.
   * Decodes the message only when there are interceptors to see it.
   */
  publishEncoded(
    method: EventMethod,
    encoded: EncodedMessage,
    options?: PublishOptions,
  ): Promise<PublishResult>;
  /**
   * Stores events, made by `createEvent`, in their order, and resolves with the outcome of each. With
   * `atomic` it stores all or none, and rejects when it stores none.
   */
  publishAll(
    events: readonly NewEvent[],
    options?: PublishAllOptions,
  ): Promise<readonly PublishOutcome[]>;
  /**
   * Declares the group and handles its events until the subscription is stopped. Resolves once the group
   * is durable: it receives every event that is stored from then on. A process that may start before its
   * broker uses `startSubscription`.
   */
  subscribe(
    group: string,
    bind: (on: EventRouter) => void,
    options?: SubscribeOptions,
  ): Promise<Subscription>;
  /**
   * Includes a subscription in `health`, `stats` and `close` until the returned function is called. For
   * `startSubscription`; `subscribe` includes its own.
   */
  track(subscription: Subscription): () => void;
  /** Returns access to the group's dead letters. */
  deadLetters(group: string): DeadLetters;
  /** Returns the local state synchronously; never contacts the broker. */
  health(): BusHealth;
  /** Returns the health with counters and rates, and the groups' progress from the broker. Never rejects. */
  stats(options?: StatsOptions): Promise<BusStats>;
  /**
   * Rejects new publishes, stops every subscription, waits for pending calls, and disconnects, all
   * within the timeout. A second call waits for the first.
   */
  close(options?: StopOptions): Promise<StopReport>;
}
