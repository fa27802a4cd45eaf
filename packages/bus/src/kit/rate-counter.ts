import type { Clock } from "./clock.ts";

/** A counter with its rate over the last minute. */
export interface RateCounter {
  readonly total: number;
  /** Over the last minute, or since the counter was created where that is shorter; at least a second. */
  readonly perSecond: number;
  add(): void;
}

const windowMs = 60_000;
const slotCount = 60;
const slotMs = windowMs / slotCount;

/** Creates a counter at 0. */
export function createRateCounter(clock: Clock): RateCounter {
  const createdAt = clock.monotonic();
  const counts = Array.from({ length: slotCount }, () => 0);
  /** The interval, counted from the creation, that each slot was last used for. */
  const intervals = Array.from({ length: slotCount }, () => -1);
  let total = 0;

  const countIntervals = (time: number) => Math.floor((time - createdAt) / slotMs);

  return {
    get total() {
      return total;
    },
    get perSecond() {
      const now = clock.monotonic();
      const oldest = countIntervals(now) - slotCount;
      const recent = counts.filter((_, slot) => (intervals[slot] ?? -1) > oldest);
      const sum = recent.reduce((all, count) => all + count, 0);
      return sum / (Math.min(windowMs, Math.max(1_000, now - createdAt)) / 1_000);
    },
    add() {
      total++;
      const interval = Math.max(0, countIntervals(clock.monotonic()));
      const slot = interval % slotCount;
      counts[slot] = intervals[slot] === interval ? (counts[slot] ?? 0) + 1 : 1;
      intervals[slot] = interval;
    },
  };
}
