/** Up to where the losses of a group on one topic are counted. */
export interface LossCheckpoint {
  /** When the consumer was created: a later one begins anew. */
  readonly consumer: string;
  /** The sequence in the stream up to which everything was delivered or removed. */
  readonly sequence: number;
  /** How many deliveries the consumer had made by then, redeliveries included. */
  readonly deliveries: number;
  /** How many events were lost by then, since the group was declared. */
  readonly lost: number;
}

/** What the server reports of a consumer and its stream. */
export interface ConsumerSnapshot {
  readonly consumer: string;
  /** The sequence of the last event that was delivered for the first time. */
  readonly sequence: number;
  readonly deliveries: number;
  /** The first sequence that the stream still has. */
  readonly firstSequence: number;
}

/** Returns the checkpoint of a consumer whose losses were never counted. */
function createCheckpoint(snapshot: ConsumerSnapshot, lost = 0): LossCheckpoint {
  const { consumer, sequence, deliveries } = snapshot;
  return { consumer, sequence, deliveries, lost };
}

/**
 * Returns the checkpoint after a snapshot. Lost is what was removed since the checkpoint and is not
 * delivered. `redeliveries` of the deliveries since then are known to be repeated ones; others that are
 * repeated make the result too low, never too high. Replays of other groups count as events of this one
 * where retention overtakes it.
 */
export function computeLoss(
  before: LossCheckpoint | undefined,
  snapshot: ConsumerSnapshot,
  redeliveries: number,
): LossCheckpoint {
  const isKnown = before?.consumer === snapshot.consumer;
  const base = isKnown ? before : createCheckpoint(snapshot, before?.lost);
  const sequence = Math.max(base.sequence, snapshot.sequence, snapshot.firstSequence - 1);
  const removed = snapshot.firstSequence - 1 - base.sequence;
  const deliveries = Math.max(0, snapshot.deliveries - base.deliveries - redeliveries);
  const undelivered = sequence - base.sequence - deliveries;
  return {
    consumer: snapshot.consumer,
    sequence,
    deliveries: snapshot.deliveries,
    lost: base.lost + Math.max(0, Math.min(removed, undelivered)),
  };
}
