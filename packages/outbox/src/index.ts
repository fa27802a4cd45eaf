export { type InboxHandler, type InboxOptions, inbox } from "./inbox/inbox.ts";
export {
  type InboxBatchHandler,
  type InboxBatchOptions,
  type InboxEvent,
  inboxBatch,
} from "./inbox/inbox-batch.ts";
export { createInboxCounters, type InboxCounters } from "./inbox/inbox-counters.ts";
export { inboxMigration } from "./inbox/inbox-migration.ts";
export {
  type PruneOptions,
  type PruningOptions,
  pruneInbox,
  startPruning,
} from "./inbox/prune-inbox.ts";
export { inboxMetrics, outboxMetrics, relayMetrics } from "./metrics.ts";
export { type AnyTransaction, outbox } from "./outbox/outbox.ts";
export { outboxMigration } from "./outbox/outbox-migration.ts";
export {
  listRejectedEvents,
  type OutboxState,
  type RejectedEvent,
  readOutboxState,
} from "./outbox/read-outbox-state.ts";
export { type Listen, type ListenClient, type Listening, listenWith } from "./relay/listen-with.ts";
export type { Rejection } from "./relay/relay-store.ts";
export {
  type Relay,
  type RelayHealth,
  type RelayOptions,
  startRelay,
} from "./relay/start-relay.ts";
