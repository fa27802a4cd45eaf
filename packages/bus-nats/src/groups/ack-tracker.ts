/**
 * What this process knows of a group's acknowledgements in one stream. When the group's consumer is
 * deleted, and with it the server's record, the tracker states where a new consumer continues.
 */
export interface AckTracker {
  /** Whether there are acknowledgements that the consumer has not confirmed. */
  readonly hasUnconfirmed: boolean;
  /** Records the stream's creation time. Another one than before resets the tracker. */
  observeStream(created: string | undefined): void;
  /** Records that a new consumer was created: it delivers some acknowledged events once more. */
  observeNewConsumer(): void;
  /** Records the consumer's acknowledgement floor: everything up to it is acknowledged. */
  confirmUpTo(floor: number): void;
  /** Records that this process acknowledged an event. */
  ack(sequence: number): void;
  /** Returns the first sequence not known as acknowledged; undefined when nothing is known. */
  findFirstUnacked(): number | undefined;
  /** Returns whether a delivered event was acknowledged to an earlier consumer. */
  isAcked(sequence: number): boolean;
}

/** Creates a tracker that remembers at most `limit` unconfirmed acknowledgements. */
export function createAckTracker(limit = 100_000): AckTracker {
  const acked = new Set<number>();
  let streamCreated: string | undefined;
  let floor: number | undefined;
  let isNewConsumer = false;
  return {
    get hasUnconfirmed() {
      return acked.size > 0;
    },
    observeStream(created) {
      if (created === undefined) return;
      if (streamCreated !== undefined && streamCreated !== created) {
        acked.clear();
        floor = 0;
      }
      streamCreated = created;
    },
    observeNewConsumer() {
      isNewConsumer = true;
    },
    confirmUpTo(sequence) {
      floor = Math.max(floor ?? 0, sequence);
      for (const one of acked) if (one <= floor) acked.delete(one);
    },
    ack(sequence) {
      if (sequence <= (floor ?? 0)) return;
      acked.add(sequence);
      if (acked.size <= limit) return;
      const [oldest] = acked;
      if (oldest !== undefined) acked.delete(oldest);
    },
    findFirstUnacked() {
      if (floor === undefined) return undefined;
      let next = floor + 1;
      while (acked.has(next)) next += 1;
      return next;
    },
    isAcked: (sequence) => isNewConsumer && acked.has(sequence),
  };
}
