export type {
  AnyEventHandler,
  BusHealth,
  Delivery,
  EventBus,
  EventHandler,
  EventHandlers,
  EventMethod,
  EventRouter,
  HandlerFailure,
  PublishOptions,
  PublishResult,
  StopOptions,
  StopReport,
  SubscribeOptions,
  Subscription,
  SubscriptionHealth,
} from "./bus.ts";
export { assertSubscribed } from "./consume/assert-subscribed.ts";
export type { DeadLetterCause } from "./consume/outcome.ts";
export { type StartSubscriptionOptions, startSubscription } from "./consume/start-subscription.ts";
export { type BusOptions, createBus } from "./create-bus.ts";
export type { DeadLetter } from "./dead-letters/dead-letter.ts";
export type { DeadLetters } from "./dead-letters/dead-letters.ts";
export { type BusCode, BusError, type BusErrorOptions } from "./error.ts";
export type { Handle, HandleCall, Interceptor, Publish, PublishCall } from "./interceptor.ts";
export { createManualClock, type ManualClock } from "./memory/manual-clock.ts";
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
export { type BusMetric, type BusSample, busMetrics } from "./metrics.ts";
export { createEvent, type NewEvent } from "./publish/create-event.ts";
export { createPublisher, type Publisher } from "./publish/create-publisher.ts";
export type { PublishAllOptions, PublishOutcome } from "./publish/publish-outcome.ts";
export type { BusStats, GroupProgress, StatsOptions, SubscriptionStats } from "./stats.ts";
export type { EncodedMessage } from "./wire/encoded-message.ts";

// What whoever writes a broker needs.

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
  RequestOptions,
  StartPosition,
  StoredRecord,
  TopicProgress,
} from "./broker.ts";
export type { Backoff } from "./kit/backoff.ts";
export { type Clock, systemClock } from "./kit/clock.ts";
export { checkTopic, readTopic, type Topic } from "./topic.ts";
// What publishes later what is written down now needs.
export type { EncodeOptions } from "./wire/create-record.ts";
export { encodeEvent } from "./wire/encode-event.ts";
