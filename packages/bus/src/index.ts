// Publish and subscribe.

export type { EventBus } from "./bus.ts";
export type { Classify, FailureClass } from "./consume/classify-failure.ts";
export type { Delivery } from "./consume/delivery.ts";
export type { AnyEventHandler, EventHandler, EventHandlers } from "./consume/event-handler.ts";
export type { EventLoss } from "./consume/event-loss.ts";
export type { EventRouter } from "./consume/event-router.ts";
export { DependencyUnavailableError, PermanentError } from "./consume/handler-errors.ts";
export type { HandlerFailure } from "./consume/handler-failure.ts";
export { type StartSubscriptionOptions, startSubscription } from "./consume/start-subscription.ts";
export type { SubscribeOptions } from "./consume/subscribe-options.ts";
export type { StopOptions, StopReport, Subscription } from "./consume/subscription.ts";
export { type BusCode, BusError, type BusErrorOptions } from "./error.ts";
export type { EventMethod } from "./event-method.ts";
export { createEvent, type NewEvent } from "./publish/create-event.ts";
export { createPublisher, type Publisher } from "./publish/create-publisher.ts";
export type { PublishOptions } from "./publish/publish-options.ts";
export type { PublishAllOptions, PublishOutcome } from "./publish/publish-outcome.ts";
export type { PublishResult } from "./publish/publish-result.ts";

// Extend and operate.

export { assertSubscribed } from "./consume/assert-subscribed.ts";
export type { DeadLetter } from "./dead-letters/dead-letter.ts";
export type { DeadLetterCause } from "./dead-letters/dead-letter-cause.ts";
export type { DeadLetters } from "./dead-letters/dead-letters.ts";
export type { BusHealth, PublishFailure, SubscriptionHealth } from "./health.ts";
export type { Handle, HandleCall, Interceptor, Publish, PublishCall } from "./interceptor.ts";
export { type BusMetric, type BusSample, createBusMetrics } from "./metrics.ts";
export type { BusStats, GroupProgress, StatsOptions, SubscriptionStats } from "./stats.ts";

// Run in memory, in tests.

export { createManualClock, type ManualClock } from "./memory/manual-clock.ts";
export { createMemoryBroker, type MemoryBrokerOptions } from "./memory/memory-broker.ts";
export {
  createMemoryBus,
  type MemoryBus,
  type MemoryBusOptions,
} from "./memory/memory-bus.ts";
export {
  createMemoryStore,
  type MemoryStore,
  type MemoryStoreOptions,
} from "./memory/memory-store.ts";

// Create a bus on a broker, or write a broker.

export type {
  Appended,
  AppendOptions,
  Broker,
  BrokerFeatures,
  BrokerHealth,
  DeadLetterCount,
  DeadLetterPage,
  DeadLetterStore,
  GroupDeclaration,
  Lease,
  LeaseStream,
  LeaseStreamHealth,
  NewRecord,
  RecordLoss,
  RequestOptions,
  StartPosition,
  StoredRecord,
  TopicProgress,
} from "./broker.ts";
export { type BusOptions, createBus } from "./create-bus.ts";
export type { Backoff } from "./kit/backoff.ts";
export { type Clock, systemClock } from "./kit/clock.ts";

// Store events now and publish them later, as an outbox does.

export { checkTopic, readTopic, type Topic } from "./topic.ts";
export type { EncodeOptions } from "./wire/create-record.ts";
export { encodeEvent } from "./wire/encode-event.ts";
export type { EncodedMessage } from "./wire/encoded-message.ts";
