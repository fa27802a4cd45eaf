/** Up to where the losses of a group on one topic are counted. */
export interface LossCheckpoint {
  /** When the stream was created: a later one has none of the events. */
  readonly stream: string;
  /** When the consumer was created: a later one begins anew. */
  readonly consumer: string;
  /** The sequence in the stream up to which everything was delivered or removed. */
  readonly sequence: number;
  /** How many deliveries the consumer had made by then, redeliveries included. */
  readonly deliveries: number;
  /** How many events were not delivered yet. */
  readonly pending: number;
  /** How many events were lost by then, since the group was declared. */
  readonly lost: number;
}

/** What the server reports of a consumer and its stream. */
export interface ConsumerSnapshot {
  readonly stream: string;
  readonly consumer: string;
  /** The sequence of the last event that was delivered for the first time. */
  readonly sequence: number;
  readonly deliveries: number;
  readonly pending: number;
  /** The first sequence that the stream still has. */
  readonly firstSequence: number;
}

/** The deliveries to this process since a checkpoint. */
export interface KnownDeliveries {
  readonly first: number;
  readonly repeated: number;
}

/** Returns the checkpoint of a consumer whose losses were never counted. */
function createCheckpoint(snapshot: ConsumerSnapshot, lost: number): LossCheckpoint {
  const { stream, consumer, sequence, deliveries, pending } = snapshot;
  return { stream, consumer, sequence, deliveries, pending, lost };
}

/**
 * Returns the checkpoint after a snapshot. Lost is what was removed since the checkpoint and is not
 * delivered. Repeated deliveries that are not known make the result too low, never too high. Replays of
 * other groups count as events of this one where retention overtakes it. When the stream was deleted, what
 * was pending at the checkpoint is lost, except for what is known to be delivered since.
 */
export function computeLoss(
  before: LossCheckpoint | undefined,
  snapshot: ConsumerSnapshot,
  known: KnownDeliveries,
): LossCheckpoint {
  const isDeleted = before !== undefined && before.stream !== snapshot.stream;
  const deleted = isDeleted ? Math.max(0, before.pending - known.first) : 0;
  const isKnown = before?.consumer === snapshot.consumer;
  const base = isKnown ? before : createCheckpoint(snapshot, (before?.lost ?? 0) + deleted);
  const sequence = Math.max(base.sequence, snapshot.sequence, snapshot.firstSequence - 1);
  const removed = snapshot.firstSequence - 1 - base.sequence;
  const deliveries = Math.max(0, snapshot.deliveries - base.deliveries - known.repeated);
  const undelivered = sequence - base.sequence - deliveries;
  const lost = base.lost + Math.max(0, Math.min(removed, undelivered));
  return { ...createCheckpoint(snapshot, lost), sequence };
}
