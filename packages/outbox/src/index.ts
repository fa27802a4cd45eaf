// The inbox.

export { type InboxHandler, type InboxOptions, inbox } from "./inbox/inbox.ts";
export {
  type InboxBatchHandler,
  type InboxBatchOptions,
  type InboxEvent,
  inboxBatch,
} from "./inbox/inbox-batch.ts";
export { createInboxCounters, type InboxCounters } from "./inbox/inbox-counters.ts";
export { inboxMigration, inboxTable } from "./inbox/inbox-migration.ts";
export { type PruneOptions, pruneInbox } from "./inbox/prune-inbox.ts";
export {
  type Pruning,
  type PruningHealth,
  type PruningOptions,
  startPruning,
} from "./inbox/start-pruning.ts";

// The outbox.

export { listRejectedEvents, type RejectedEvent } from "./outbox/list-rejected-events.ts";
export { type OutboxOptions, outbox, outboxAll } from "./outbox/outbox.ts";
export { outboxKeysMigration } from "./outbox/outbox-keys-migration.ts";
export { outboxMigration } from "./outbox/outbox-migration.ts";
export { type OutboxState, readOutboxState } from "./outbox/read-outbox-state.ts";
export type { AnyTransaction } from "./outbox/store-events.ts";

// The relay.

export type { Relay, RelayHealth, RelayOptions } from "./relay/relay.ts";
export type { Rejection } from "./relay/relay-store.ts";
export { startRelay } from "./relay/start-relay.ts";

// Metrics.

export { createInboxMetrics, createOutboxMetrics, createRelayMetrics } from "./metrics.ts";
