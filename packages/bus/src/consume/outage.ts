import type { Delays } from "../kit/delays.ts";
import type { Held } from "./held.ts";

/** Outages are times in which what the handlers depend on is gone. */
export interface Outages {
  /**
   * Keeps the first event that meets an outage: resolves to true when it is to be tried again. To
   * false when it is to be given back, as another is kept or the subscription stops.
   */
  sitOut(item: Held): Promise<boolean>;
  /** Says that an event is tried no more: the outage that it was kept for is over. */
  release(item: Held): void;
}

export interface OutagesOptions {
  readonly rests: Delays;
  readonly backoff: (tries: number) => number;
  /** Whether an outage may begin. */
  readonly running: () => boolean;
  /** Whether the outage goes on. */
  readonly paused: () => boolean;
  readonly onBegin: () => void;
  readonly onOver: () => void;
}

export function createOutages(options: OutagesOptions): Outages {
  const { rests, backoff, running, paused, onBegin, onOver } = options;
  let kept: Held | undefined;
  let tries = 0;
  return {
    async sitOut(item) {
      if (kept === undefined && running()) {
        kept = item;
        tries = 0;
        onBegin();
      }
      if (kept !== item) return false;
      await rests.wait(backoff(++tries));
      return paused();
    },
    release(item) {
      if (kept !== item) return;
      kept = undefined;
      if (paused()) onOver();
    },
  };
}
