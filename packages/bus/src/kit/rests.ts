import type { Clock } from "./clock.ts";

/** Rests are waits on a clock, which can all be ended early. */
export interface Rests {
  /** How many wait now. */
  readonly size: number;
  /** Resolves after `ms`, or at `end`; at once when that was before. */
  rest(ms: number): Promise<void>;
  /** Ends every rest, and those to come. */
  end(): void;
}

export function createRests(clock: Clock): Rests {
  const enders = new Set<() => void>();
  let ended = false;
  return {
    get size() {
      return enders.size;
    },
    rest(ms) {
      if (ended) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          cancel();
          enders.delete(end);
          resolve();
        };
        const cancel = clock.schedule(ms, end);
        enders.add(end);
      });
    },
    end() {
      ended = true;
      for (const end of enders) end();
    },
  };
}
