import type { Clock } from "./clock.ts";

/** A set of delays on a clock that can all be ended early. */
export interface Delays {
  /** How many delays are pending. */
  readonly size: number;
  /** Resolves after `ms` milliseconds, or at `endAll`; at once when `endAll` was called before. */
  wait(ms: number): Promise<void>;
  /** Ends every delay, and those that are started later. */
  endAll(): void;
}

/** Creates an empty set of delays. */
export function createDelays(clock: Clock): Delays {
  const pending = new Set<() => void>();
  let ended = false;
  return {
    get size() {
      return pending.size;
    },
    wait(ms) {
      if (ended) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          cancel();
          pending.delete(end);
          resolve();
        };
        const cancel = clock.schedule(ms, end);
        pending.add(end);
      });
    },
    endAll() {
      ended = true;
      for (const end of pending) end();
    },
  };
}
