import type { Lease } from "../broker.ts";

/**
 * Uncounted remembers how often this process gave an event back without an attempt, as brokers
 * count every time that they hand one out.
 */
export interface Uncounted {
  /** The attempt that a delivery is: from 1. */
  attemptOf(lease: Lease): number;
  /** The lease ends without an attempt. */
  add(lease: Lease): void;
  /** The event is over. */
  forget(lease: Lease): void;
}

/** createUncounted remembers at most `limit` events, the latest. */
export function createUncounted(limit = 10_000): Uncounted {
  const times = new Map<string, number>();
  return {
    attemptOf(lease) {
      if (lease.deliveries === 1) return 1;
      return Math.max(1, lease.deliveries - (times.get(nameOf(lease)) ?? 0));
    },
    add(lease) {
      const name = nameOf(lease);
      const before = times.get(name) ?? 0;
      times.delete(name);
      times.set(name, before + 1);
      const oldest = times.keys().next();
      if (times.size > limit && oldest.done !== true) times.delete(oldest.value);
    },
    forget(lease) {
      if (times.size > 0) times.delete(nameOf(lease));
    },
  };
}

function nameOf({ record }: Lease): string {
  return `${record.topic}#${record.sequence}`;
}
