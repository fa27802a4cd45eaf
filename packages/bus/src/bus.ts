import type {
  DescMessage,
  DescMethodUnary,
  DescService,
  Message,
  MessageShape,
  Registry,
} from "@bufbuild/protobuf";
import type { StartPosition } from "./broker.ts";
import type { DeadLetters } from "./dead-letters/dead-letters.ts";
import type { Backoff } from "./kit/backoff.ts";
import type { NewEvent } from "./publish/create-event.ts";
import type { PublishAllOptions, PublishOutcome } from "./publish/publish-outcome.ts";
import type { BusStats, StatsOptions, SubscriptionStats } from "./stats.ts";
import type { EncodedMessage } from "./wire/encoded-message.ts";

/**
 * EventBus stores events and hands each to every group that asked for its topic.
 *
 * - An event is stored before `publish` resolves, and once for its id.
 * - Each group receives every event stored since the group was declared, at least once.
 * - Groups never affect one another; processes of one group share its events.
 * - Within a process, events with the same key are handled in order and never two at a time.
 */
export interface EventBus extends AsyncDisposable {
  /** publish is what a publisher made by createPublisher calls. */
  publish<I extends DescMessage>(
    method: EventMethod<I>,
    message: MessageShape<I>,
    options?: PublishOptions,
  ): Promise<PublishResult>;
  /**
   * publishEncoded publishes a message that is encoded already, as an outbox keeps it, and promises
   * what `publish` does. What is no message of the method's type is `undecodable`: by its name, and by
   * fields that end elsewhere than they say. More is only looked at where an interceptor is to see the
   * message, which is then decoded for it.
   */
  publishEncoded(
    method: EventMethod,
    encoded: EncodedMessage,
    options?: PublishOptions,
  ): Promise<PublishResult>;
  /**
   * publishAll publishes events, made by `createEvent`, in their order, and resolves with what became of
   * each. With `atomic` it rejects unless all are stored.
   */
  publishAll(
    events: readonly NewEvent[],
    options?: PublishAllOptions,
  ): Promise<readonly PublishOutcome[]>;
  /**
   * subscribe declares the group and takes its events until the subscription is stopped.
   * It resolves once the group is durable: what is stored afterwards is not missed.
   */
  subscribe(
    group: string,
    bind: (on: EventRouter) => void,
    options?: SubscribeOptions,
  ): Promise<Subscription>;
  /**
   * Includes a subscription in `health`, `stats` and `close` until the returned function is called.
   * `startSubscription` uses it; `subscribe` needs nothing of the kind.
   */
  track(subscription: Subscription): () => void;
  /** deadLetters are the events that a group has given up. */
  deadLetters(group: string): DeadLetters;
  /** health is what this process knows by itself, at once. */
  health(): BusHealth;
  /** stats is health with numbers for operators; it asks the broker, and never rejects. */
  stats(options?: StatsOptions): Promise<BusStats>;
  /**
   * close refuses what comes, stops every subscription, waits for what is being published, and gives
   * the connection up, all by the deadline. Closing again waits for the first.
   */
  close(options?: StopOptions): Promise<StopReport>;
}

/** EventMethod is a method whose input is an event. */
export type EventMethod<I extends DescMessage = DescMessage> = DescMethodUnary<I>;

export interface PublishOptions {
  /**
   * Chosen by the publisher and the same again in its retries, such as `trip/<id>/completed`.
   * Default: a random UUID, which makes every call another event.
   */
  readonly id?: string;
  /** Headers beside the envelope's own; names without the prefixes `ce-`, `nats-` and `fanfare-`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** When it happened. Default: now. */
  readonly time?: Date;
  readonly signal?: AbortSignal;
  /** How long to wait for the broker, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

export interface PublishResult {
  readonly id: string;
  readonly topic: string;
  /** True when this id was stored before: nothing was stored now. */
  readonly duplicate: boolean;
  readonly sequence: number;
}

/** Binder is what a subscriber writes its handlers down on. */
export interface EventRouter {
  /** service binds any of the methods of an event service to handlers. */
  service<S extends DescService>(service: S, handlers: EventHandlers<S>): void;
  /** all binds every method of the services to one handler. */
  all(services: readonly DescService[], handler: AnyEventHandler): void;
  /**
   * matching binds one handler to those events of a registry's services whose topic a pattern
   * selects: `*` stands for one word, `>` at the end for all that follow.
   */
  matching(pattern: string, registry: Registry, handler: AnyEventHandler): void;
}

export type EventHandlers<S extends DescService> = {
  readonly [K in keyof S["method"]]?: S["method"][K] extends EventMethod<infer I>
    ? EventHandler<I>
    : never;
};

/**
 * EventHandler handles one event. Returning acknowledges it; throwing asks for it again, later, until
 * its attempts are used up: then, or at once for a BusError `permanent`, it becomes a dead letter.
 * A BusError `unavailable` says that what it depends on is gone: the subscription pauses until it is
 * back, and no attempt is counted. It should stop when `delivery.signal` aborts.
 */
export type EventHandler<I extends DescMessage = DescMessage> = (
  message: MessageShape<I>,
  delivery: Delivery,
) => Promise<void> | void;

/** AnyEventHandler handles events of several methods, as EventHandler does those of one. */
export type AnyEventHandler = (
  message: Message,
  delivery: Delivery,
  method: EventMethod,
) => Promise<void> | void;

/** Delivery is the event around the message, as this attempt has it. */
export interface Delivery {
  readonly group: string;
  readonly id: string;
  readonly topic: string;
  /** Undefined when the event has no key. */
  readonly key: string | undefined;
  /**
   * How often the group was handed this event, this time included. Brokers count what they hand out,
   * so an event that another process gave back unstarted has one more although nothing failed.
   */
  readonly attempt: number;
  readonly time: Date;
  readonly source: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Aborts at the deadline of this attempt, and when the subscription has to stop. */
  readonly signal: AbortSignal;
}

export interface SubscribeOptions {
  /** Where a group that does not exist yet begins. Default: "now". */
  readonly from?: StartPosition;
  /** How many events are handled at a time, of different keys. Default: 16. */
  readonly concurrency?: number;
  /**
   * How many more events wait in this process, leased to it, for their key or for a place. Default: 32.
   */
  readonly prefetch?: number;
  /** How long one attempt may take, in milliseconds. Default: 30,000. */
  readonly handlerTimeoutMs?: number;
  /** How long the broker waits for a sign of life before another process gets the event. Default: 10,000 ms. */
  readonly leaseDurationMs?: number;
  readonly backoff?: Backoff;
  /** After how many failed attempts an event becomes a dead letter. Default: 8. */
  readonly maxAttempts?: number;
  /**
   * strict: later events of a key wait behind a failed one until it is handled or dead. It stays in
   * this process for all its attempts, also past its deadline until its handler returns; and an outage
   * gives nothing back. Default: "relaxed", where they may overtake it.
   */
  readonly order?: "relaxed" | "strict";
  /**
   * How many events may be held back so, beside `concurrency` and `prefetch`; then this process takes
   * no more of any key. Default: 1,000.
   */
  readonly maxBlocked?: number;
  /** Hears of every failure, to log it. */
  readonly onFailure?: (failure: HandlerFailure) => void;
  /** Whether each acknowledgement waits for the broker's word. Default: false. */
  readonly confirmAcks?: boolean;
}

/** Failure is an attempt that failed, and what becomes of its event. */
export interface HandlerFailure {
  readonly group: string;
  readonly topic: string;
  readonly id: string;
  readonly attempt: number;
  readonly error: Error;
  /**
   * retry: the event comes again. dead: it is a dead letter now. outage: it waits until what its
   * handler depends on is back.
   */
  readonly verdict: "retry" | "dead-letter" | "pause";
}

export interface Subscription extends AsyncDisposable {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Resolves once the subscription has stopped; rejects when an error ended it. A process that exits by
   * it never goes on without its events. A rejection that nobody handles is ignored.
   */
  readonly closed: Promise<void>;
  health(): SubscriptionHealth;
  /** stats is health with rates and with how far the group has come; never rejects. */
  stats(options?: StatsOptions): Promise<SubscriptionStats>;
  /**
   * stop takes no more events, gives back what had not started, lets what had started finish, and
   * aborts it shortly before the deadline (a tenth of it, at most 500 ms). It resolves by the deadline,
   * whatever handlers or the broker do, with what it could not settle: those events come again.
   */
  stop(options?: StopOptions): Promise<StopReport>;
}

export interface StopOptions {
  /** Default: 10,000. */
  readonly timeoutMs?: number;
}

export interface StopReport {
  /** Ids of the events whose handling or acknowledgement was not over at the deadline. */
  readonly unsettled: readonly string[];
}

export interface BusHealth {
  readonly broker: string;
  readonly connected: boolean;
  readonly lastError?: Error;
  readonly subscriptions: readonly SubscriptionHealth[];
}

export interface SubscriptionHealth {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * starting: the group is not declared yet (`startSubscription`). paused: what the handlers depend on
   * is unavailable, and one event is retried until it is back.
   */
  readonly state: "starting" | "running" | "paused" | "stopping" | "stopped";
  /** Events whose handlers run now. */
  readonly running: number;
  /** Events leased and waiting for their key or for a place. */
  readonly waiting: number;
  /** Events that this process keeps until their next try is due, and those held back behind them. */
  readonly delayed: number;
  /** Events handled since the subscription began. */
  readonly handled: number;
  /** Attempts that failed since the subscription began. */
  readonly failures: number;
  /** Events that became dead letters since the subscription began. */
  readonly deadLettered: number;
  readonly lastError?: Error;
}
