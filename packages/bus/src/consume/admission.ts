import type { Clock } from "../kit/clock.ts";
import { createTimerSet } from "../kit/timer-set.ts";
import { type InFlightEvent, isKeyed } from "./in-flight-event.ts";
import type { KeyedQueue } from "./keyed-queue.ts";
import { createReturnedEvents } from "./returned-events.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";

/**
 * Decides which events may wait in this process for their key. The key of an event that has waited for
 * a while is slow. What waits for a slow key needs no capacity, so that events of other keys are
 * requested meanwhile, and is bounded: further events are returned to the broker.
 */
export interface Admission {
  /** How many of the waiting and blocked events need no capacity. */
  readonly exempt: number;
  /** How many handlers without a slot have exceeded their timeout and not returned. */
  readonly overrunning: number;
  /**
   * Returns undefined when an event that has arrived may be queued. Returns the delay, in milliseconds,
   * after which the broker is to deliver it again when too many of its key wait, or when an earlier one
   * of its key was returned.
   */
  refuse(event: InFlightEvent): number | undefined;
  /** Records that an event was returned for another reason, and that later ones may not overtake it. */
  addReturned(event: InFlightEvent, delayMs: number): void;
  /** Records that an event is blocked: it keeps its key without running. */
  block(event: InFlightEvent): void;
  /**
   * Records that a handler has exceeded its timeout and keeps its key until it returns. Its slot is freed,
   * unless as many others overrun as may run. Returns the events that wait for its key, for other
   * processes; none in strict order, which holds them back.
   */
  overrun(event: InFlightEvent): InFlightEvent[];
  /** Records that an event has left the queue. */
  finish(event: InFlightEvent): void;
}

/** What admission depends on. */
export interface AdmissionOptions {
  readonly clock: Clock;
  readonly settings: SubscriptionSettings;
  /** Called when a key has become slow. */
  readonly onSlow: () => void;
}

/** How long an event waits for its key until the key is slow, in milliseconds. */
const patienceMs = 200;

/** Creates the admission to a queue. */
export function createAdmission(
  queue: KeyedQueue<InFlightEvent>,
  { clock, settings, onSlow }: AdmissionOptions,
): Admission {
  const { concurrency, leaseDurationMs, maxBlocked, maxBlockedPerKey, backoff, strict } = settings;
  /** The slow keys: since when they are busy, and how many of their events have finished since. */
  const slow = new Map<string, { readonly since: number; finished: number }>();
  /** The keys of handlers that have exceeded their timeout, and whether each has freed its slot. */
  const overrunning = new Map<string, { readonly hasFreed: boolean }>();
  const returned = createReturnedEvents(clock, leaseDurationMs);
  const patience = createTimerSet<InFlightEvent>(clock, patienceMs, ({ queueKey, state }) => {
    if (state.kind === "queued" && queue.countWaiting(queueKey) > 0) markSlow(queueKey);
  });

  function markSlow(queueKey: string): void {
    if (slow.has(queueKey)) return;
    slow.set(queueKey, { since: clock.monotonic() - patienceMs, finished: 0 });
    onSlow();
  }

  function holds(event: InFlightEvent): boolean {
    return strict && isKeyed(event);
  }

  function countFreed(): number {
    let count = 0;
    for (const { hasFreed } of overrunning.values()) if (hasFreed) count++;
    return count;
  }

  function countExempt(): number {
    let count = queue.blocked;
    for (const queueKey of slow.keys()) count += queue.countWaiting(queueKey);
    return count;
  }

  /** Half of the time that the events ahead take at the pace of the key: too early costs less than too late. */
  function computeDelay({ queueKey, lease }: InFlightEvent, ahead: number): number {
    if (overrunning.has(queueKey)) return backoff(lease.deliveries);
    const { since, finished } = slow.get(queueKey) ?? { since: clock.monotonic(), finished: 0 };
    const paceMs = (clock.monotonic() - since) / Math.max(1, finished);
    return Math.ceil(Math.min(Math.max(backoff(1), (ahead * paceMs) / 2), leaseDurationMs));
  }

  return {
    get exempt() {
      return Math.min(countExempt(), maxBlocked);
    },
    get overrunning() {
      return countFreed();
    },
    refuse(event) {
      const { queueKey } = event;
      returned.remove(event);
      const earlier = returned.countEarlier(event);
      const waiting = queue.countWaiting(queueKey);
      const isFull =
        slow.has(queueKey) && (waiting >= maxBlockedPerKey || countExempt() >= maxBlocked);
      if (earlier === 0 && !isFull && (holds(event) || !overrunning.has(queueKey))) {
        if (queue.isBusy(queueKey)) patience.start(event);
        return undefined;
      }
      const delayMs = computeDelay(event, waiting + earlier);
      returned.add(event, delayMs);
      return delayMs;
    },
    addReturned: (event, delayMs) => returned.add(event, delayMs),
    block(event) {
      overrunning.delete(event.queueKey);
      queue.block(event);
      markSlow(event.queueKey);
    },
    overrun(event) {
      const { queueKey } = event;
      const hasFreed = countFreed() < concurrency;
      overrunning.set(queueKey, { hasFreed });
      if (hasFreed) queue.block(event);
      markSlow(queueKey);
      return holds(event) ? [] : queue.takeWaiting(queueKey);
    },
    finish(event) {
      const { queueKey } = event;
      overrunning.delete(queueKey);
      const pace = slow.get(queueKey);
      if (pace === undefined) return;
      if (queue.isBusy(queueKey)) pace.finished++;
      else slow.delete(queueKey);
    },
  };
}
