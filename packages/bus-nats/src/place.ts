/**
 * Place is what this process knows of how far its group has come in one stream: enough to go on from
 * there when the consumer, which knows it all, is deleted.
 */
export interface Place {
  /** Which stream it is about. Another one than before has other events: nothing of them is known. */
  readonly stream: string | undefined;
  onStream(created: string): void;
  /** The consumer says that everything up to here is acknowledged. */
  reached(floor: number): void;
  /** This process has acknowledged an event. */
  acknowledged(sequence: number): void;
  /** Whether the books hold anything that the consumer could confirm. */
  readonly unconfirmed: boolean;
  /** The first event not known to be acknowledged; undefined when nothing at all is known. */
  next(): number | undefined;
  /** This process gave an event back that it had not asked for, or no longer. */
  refused(sequence: number): void;
  /** How often it did. The server counts these as deliveries, although nothing was tried. */
  refusals(sequence: number): number;
  /** The consumer was made again, and brings some events that were acknowledged to the old one. */
  remade(): void;
  /** Whether an event that comes was acknowledged to a consumer that is no more. */
  isRepeat(sequence: number): boolean;
}

/** createPlace remembers at most `limit` acknowledgements, and refusals, beyond what is confirmed. */
export function createPlace(limit = 100_000): Place {
  const own = new Set<number>();
  const refused = new Map<number, number>();
  let stream: string | undefined;
  let floor: number | undefined;
  let again = false;
  return {
    get stream() {
      return stream;
    },
    get unconfirmed() {
      return own.size > 0;
    },
    onStream(created) {
      if (stream !== undefined && stream !== created) {
        own.clear();
        refused.clear();
        floor = 0;
      }
      stream = created;
    },
    reached(sequence) {
      floor = Math.max(floor ?? 0, sequence);
      for (const one of own) if (one <= floor) own.delete(one);
    },
    refused(sequence) {
      refused.set(sequence, (refused.get(sequence) ?? 0) + 1);
      const [oldest] = refused.keys();
      if (refused.size > limit && oldest !== undefined) refused.delete(oldest);
    },
    refusals: (sequence) => (refused.size === 0 ? 0 : (refused.get(sequence) ?? 0)),
    acknowledged(sequence) {
      if (refused.size > 0) refused.delete(sequence);
      if (sequence <= (floor ?? 0)) return;
      own.add(sequence);
      if (own.size <= limit) return;
      const [oldest] = own;
      if (oldest !== undefined) own.delete(oldest);
    },
    next() {
      if (floor === undefined) return undefined;
      let next = floor + 1;
      while (own.has(next)) next += 1;
      return next;
    },
    remade() {
      again = true;
    },
    isRepeat: (sequence) => again && own.has(sequence),
  };
}
