import type { Clock } from "./clock.ts";

/** Tally counts what happens, and how often it has lately. */
export interface RateCounter {
  readonly total: number;
  /** Over the last minute, or since the beginning where that is shorter; at least a second. */
  readonly perSecond: number;
  add(): void;
}

const windowMs = 60_000;
const slots = 60;
const slotMs = windowMs / slots;

/** createTally begins to count at 0. */
export function createRateCounter(clock: Clock): RateCounter {
  const beganAt = clock.now();
  const counts = Array.from({ length: slots }, () => 0);
  /** Which stretch of time each slot was last used for. */
  const stretches = Array.from({ length: slots }, () => -1);
  let total = 0;

  const stretchOf = (time: number) => Math.floor((time - beganAt) / slotMs);

  return {
    get total() {
      return total;
    },
    get perSecond() {
      const now = clock.now();
      const oldest = stretchOf(now) - slots;
      const recent = counts.filter((_, slot) => (stretches[slot] ?? -1) > oldest);
      const sum = recent.reduce((all, count) => all + count, 0);
      return sum / (Math.min(windowMs, Math.max(1_000, now - beganAt)) / 1_000);
    },
    add() {
      total++;
      const stretch = Math.max(0, stretchOf(clock.now()));
      const slot = stretch % slots;
      counts[slot] = stretches[slot] === stretch ? (counts[slot] ?? 0) + 1 : 1;
      stretches[slot] = stretch;
    },
  };
}
