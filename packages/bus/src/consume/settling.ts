import type { Lease } from "../broker.ts";
import type { Clock } from "../kit/clock.ts";
import { createTimerSet } from "../kit/timer-set.ts";
import type { Held } from "./held.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";

/** LastWord is how a lease ends: undefined when it has ended at once. */
export type LastWord = (lease: Lease) => Promise<void> | undefined;

/** settled is the settlement of what was settled at once. */
export const settled: Promise<void> = Promise.resolve();

/** Settling ends leases, and keeps them until then: it extends each, and tells of deadlines. */
export interface Settling {
  /** Keeps the lease until it is settled. */
  keep(item: Held): void;
  /** Begins an attempt's time. */
  startDeadline(item: Held): void;
  stopDeadline(item: Held): void;
  settle(item: Held, word: LastWord): void;
  /** Settles the lease once it is known how, and keeps it until then. */
  settleLater(item: Held, word: Promise<LastWord>): void;
  /** Lets go of every lease, as it is. */
  clear(): void;
}

export interface SettlingOptions {
  readonly clock: Clock;
  readonly settings: Pick<SubscriptionSettings, "leaseDurationMs" | "handlerTimeoutMs">;
  readonly onOverrun: (item: Held) => void;
  readonly onError: (reason: unknown) => void;
}

export function createSettling(options: SettlingOptions): Settling {
  const { clock, settings, onOverrun, onError } = options;
  // A third, so that two signs of life may get lost.
  const leases = createTimerSet<Held>(clock, settings.leaseDurationMs / 3, (item) => {
    item.lease.extend().catch(onError);
    leases.start(item);
  });
  const deadlines = createTimerSet<Held>(clock, settings.handlerTimeoutMs, onOverrun);

  async function settleLater(item: Held, word: Promise<LastWord>): Promise<void> {
    const say = await word;
    leases.stop(item);
    await say(item.lease);
  }

  return {
    keep: (item) => leases.start(item),
    startDeadline: (item) => deadlines.start(item),
    stopDeadline: (item) => deadlines.stop(item),
    settle(item, word) {
      leases.stop(item);
      deadlines.stop(item);
      item.settlement = word(item.lease)?.catch(onError) ?? settled;
    },
    settleLater(item, word) {
      deadlines.stop(item);
      item.settlement = settleLater(item, word).catch(onError);
    },
    clear() {
      leases.clear();
      deadlines.clear();
    },
  };
}
