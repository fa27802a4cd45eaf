import type { Lease } from "../broker.ts";

/**
 * A count of the releases of each event by this process. Brokers count deliveries, of which releases are
 * no attempts.
 */
export interface ReleaseCounter {
  /** Returns which attempt a delivery is: from 1. */
  readAttempt(lease: Lease): number;
  /** Counts a release of the lease's event. */
  add(lease: Lease): void;
  /** Forgets an event that is settled for good. */
  forget(lease: Lease): void;
}

/** Creates a counter that remembers the releases of the latest `limit` events. */
export function createReleaseCounter(limit = 10_000): ReleaseCounter {
  const releases = new Map<string, number>();
  return {
    readAttempt(lease) {
      if (lease.deliveries === 1) return 1;
      return Math.max(1, lease.deliveries - (releases.get(createName(lease)) ?? 0));
    },
    add(lease) {
      const name = createName(lease);
      const before = releases.get(name) ?? 0;
      releases.delete(name);
      releases.set(name, before + 1);
      const oldest = releases.keys().next();
      if (releases.size > limit && oldest.done !== true) releases.delete(oldest.value);
    },
    forget(lease) {
      if (releases.size > 0) releases.delete(createName(lease));
    },
  };
}

function createName({ record }: Lease): string {
  return `${record.topic}#${record.sequence}`;
}
