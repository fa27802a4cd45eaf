import { createDrainableSet } from "./drainable-set.ts";

/** The calls that a bus waits for before it disconnects. */
export interface PendingCalls {
  /** Adds a call until it is settled. Returns its promise. */
  track<T>(call: Promise<T>): Promise<T>;
  /** Resolves once no call is pending. */
  whenNone(): Promise<void>;
}

/** Creates an empty set of pending calls. */
export function createPendingCalls(): PendingCalls {
  const pending = createDrainableSet<Promise<unknown>>();
  return {
    track(call) {
      pending.add(call);
      const settled = () => pending.delete(call);
      call.then(settled, settled);
      return call;
    },
    whenNone: () => pending.whenEmpty(),
  };
}
