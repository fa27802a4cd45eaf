import type { SubscriptionHealth } from "../health.ts";
import type { Delays } from "../kit/delays.ts";
import type { Admission } from "./admission.ts";
import type { DependencyPause } from "./dependency-pause.ts";
import type { InFlightEvent } from "./in-flight-event.ts";
import type { KeyedQueue } from "./keyed-queue.ts";

/** What the events of a pipeline are counted from. */
export interface CountedParts {
  readonly queue: KeyedQueue<InFlightEvent>;
  readonly admission: Admission;
  readonly pause: DependencyPause;
  readonly delays: Delays;
}

/** Counts the events of a pipeline, as `health` shows them. */
export function countEvents({
  queue,
  admission,
  pause,
  delays,
}: CountedParts): Pick<SubscriptionHealth, "running" | "waiting" | "delayed"> {
  // The probe keeps its slot in the queue while it waits, and in strict order all others wait for it.
  const probeWaits = pause.probe?.state.kind === "delayed";
  const behind = probeWaits ? queue.waiting : queue.behind;
  return {
    running: queue.running + admission.overrunning - (probeWaits ? 1 : 0),
    waiting: queue.waiting - behind,
    delayed: delays.size + behind,
  };
}
