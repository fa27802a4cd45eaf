export { type InboxHandler, type InboxOptions, inbox } from "./inbox.ts";
export {
  type InboxBatchHandler,
  type InboxBatchOptions,
  type InboxEvent,
  inboxBatch,
} from "./inbox-batch.ts";
export { createInboxCounters, type InboxCounters } from "./inbox-counters.ts";
export { type Listen, type ListenClient, type Listening, listenWith } from "./listen.ts";
export { inboxMetrics, outboxMetrics, relayMetrics } from "./metrics.ts";
export { inboxMigration } from "./migration.ts";
export { type AnyTransaction, outbox } from "./outbox.ts";
export { outboxMigration } from "./outbox-migration.ts";
export {
  listRejectedEvents,
  type OutboxState,
  type RejectedEvent,
  readOutboxState,
} from "./outbox-state.ts";
export { type PruneOptions, type PruningOptions, pruneInbox, startPruning } from "./prune-inbox.ts";
export { type Relay, type RelayHealth, type RelayOptions, startRelay } from "./relay.ts";
export type { Rejection } from "./relay-store.ts";
