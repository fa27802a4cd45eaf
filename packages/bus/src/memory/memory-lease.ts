import type { Lease } from "../broker.ts";
import type { Clock } from "../kit/clock.ts";
import type { TimerSet } from "../kit/timer-set.ts";
import type { Backlog, LeasedRecord } from "./backlog.ts";

/** A lease of a process, which ends when it is settled or when it expires. */
export interface MemoryLease extends Lease {
  /** Ends the lease and makes its record available to any process of the group. */
  expire(): void;
}

/** What a lease acts on when it ends. */
export interface MemoryLeaseOptions {
  readonly backlog: Backlog;
  readonly clock: Clock;
  /** Expires the leases of the process after their duration. */
  readonly expirations: TimerSet<MemoryLease>;
  /** Delivers what has become available. */
  readonly dispatch: () => void;
}

/** Creates the lease of a record. Its duration starts when the caller adds it to the expirations. */
export function createMemoryLease(
  leased: LeasedRecord,
  { backlog, clock, expirations, dispatch }: MemoryLeaseOptions,
): MemoryLease {
  function end(then: () => void): undefined {
    expirations.stop(lease);
    if (backlog.end(leased)) then();
  }

  function requeue(): void {
    backlog.requeue(leased);
    dispatch();
  }

  const lease: MemoryLease = {
    record: leased.record,
    deliveries: leased.deliveries,
    readFailures: () => leased.failures,
    recordFailures(failures) {
      if (leased.isLeased) leased.failures = failures;
      return undefined;
    },
    ack: () => end(() => backlog.settle(leased)),
    nak({ delayMs }) {
      end(() => void (delayMs > 0 ? clock.schedule(delayMs, requeue) : requeue()));
      return Promise.resolve();
    },
    extend() {
      if (leased.isLeased) expirations.start(lease);
      return Promise.resolve();
    },
    expire: () => end(requeue),
  };
  return lease;
}
