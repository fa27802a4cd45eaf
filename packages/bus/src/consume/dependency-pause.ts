import type { InFlightEvent } from "./in-flight-event.ts";

/** The pause of a subscription while a dependency of its handlers is unavailable. */
export interface DependencyPause {
  /** The event that is retried until the dependency is available; undefined when there is no pause. */
  readonly probe: InFlightEvent | undefined;
  begin(probe: InFlightEvent): void;
  /** Returns the delay before the probe's next attempt, in milliseconds. */
  nextDelayMs(): number;
  end(): void;
}

/** Creates a pause that has not begun. `backoff` returns the delay before try n, from 1. */
export function createDependencyPause(backoff: (tries: number) => number): DependencyPause {
  let probe: InFlightEvent | undefined;
  let tries = 0;
  return {
    get probe() {
      return probe;
    },
    begin(event) {
      probe = event;
      tries = 0;
    },
    nextDelayMs: () => backoff(++tries),
    end() {
      probe = undefined;
    },
  };
}
