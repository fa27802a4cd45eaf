import { createBackoff } from "@fanfare/bus/kit";

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

const backoff = createBackoff({ initialIntervalMs: 100 });

/** createRests takes its time, in milliseconds, from `now`. */
export function createRests(now: () => number = () => performance.now()): Rests {
  const rests = new Map<string, { readonly failures: number; readonly until: number }>();
  return {
    resting: (name) => (rests.get(name)?.until ?? 0) > now(),
    begin(name) {
      const failures = (rests.get(name)?.failures ?? 0) + 1;
      rests.set(name, { failures, until: now() + backoff(failures) });
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
