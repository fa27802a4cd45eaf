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
  /** The consumer was made again, and brings some events that were acknowledged to the old one. */
  remade(): void;
  /** Whether an event that comes was acknowledged to a consumer that is no more. */
  isRepeat(sequence: number): boolean;
}

/** createPlace remembers at most `limit` acknowledgements beyond what the consumer has confirmed. */
export function createPlace(limit = 100_000): Place {
  const own = new Set<number>();
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
        floor = 0;
      }
      stream = created;
    },
    reached(sequence) {
      floor = Math.max(floor ?? 0, sequence);
      for (const one of own) if (one <= floor) own.delete(one);
    },
    acknowledged(sequence) {
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
