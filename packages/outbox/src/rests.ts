/** Rests says what has failed of late and is left alone for a while, longer each time. */
export interface Rests {
  resting(name: string): boolean;
  /** Begins a rest, twice as long as the one before. */
  begin(name: string): void;
  /** Says that it works again. */
  end(name: string): void;
  /** How long until the first rest is over, in milliseconds, at most `ms`. */
  within(ms: number): number;
}

const initialIntervalMs = 100;
const longestMs = 5_000;

/** createRests takes its time, in milliseconds, from `now`. */
export function createRests(now: () => number = () => performance.now()): Rests {
  const rests = new Map<string, { readonly failures: number; readonly until: number }>();
  return {
    resting: (name) => (rests.get(name)?.until ?? 0) > now(),
    begin(name) {
      const failures = (rests.get(name)?.failures ?? 0) + 1;
      const restMs = Math.min(longestMs, initialIntervalMs * 2 ** (failures - 1));
      rests.set(name, { failures, until: now() + restMs });
    },
    end(name) {
      rests.delete(name);
    },
    within(ms) {
      const left = Array.from(rests.values(), ({ until }) => until - now());
      return Math.max(0, Math.min(ms, ...left.filter((restMs) => restMs > 0)));
    },
  };
}
