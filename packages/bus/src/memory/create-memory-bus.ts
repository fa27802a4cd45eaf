import type { EventBus } from "../bus.ts";
import { type BusOptions, createBus } from "../create-bus.ts";
import { BusError } from "../error.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";

/** MemoryBus is an EventBus in memory whose time a test moves by hand. */
export interface MemoryBus extends EventBus {
  /** The time now, in milliseconds since the Unix epoch. It starts at 2026-01-01T08:00:00Z. */
  now(): number;
  /**
   * idle resolves when no group has anything due: everything published is handled, or waits for
   * time to move, or has no running subscription. Rejects with `deadline_exceeded` and what is
   * stuck after `timeoutMs` of real time. Default: 2,000.
   */
  idle(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** advance moves the time: retries, deadlines and leases that fall due on the way happen in order. */
  advance(ms: number): Promise<void>;
}

export interface MemoryBusOptions extends Partial<BusOptions> {
  /** The store of another bus, to play a second process. Default: an own one. */
  readonly store?: MemoryStore;
}

/** createMemoryBus makes a bus for tests: handlers run at once, retries wait for `advance`. */
export function createMemoryBus({
  store = createMemoryStore(),
  source = "//memory",
  stopTimeoutMs = 1_000,
  ...options
}: MemoryBusOptions = {}): MemoryBus {
  const bus = createBus(store.open(), { source, stopTimeoutMs, ...options });
  /** What a group's processes keep for later: here, as other buses on the store keep their own books. */
  function restingOf(group: string): number {
    const ours = bus.health().subscriptions.filter((one) => one.group === group);
    return ours.reduce((sum, { delayed }) => sum + delayed, 0);
  }
  /** What is unfinished after everything went on that waits for no more than promises. */
  function unfinished(): Promise<string[]> {
    return new Promise((resolve) => {
      setImmediate(() => resolve(store.unfinished(restingOf)));
    });
  }
  return {
    ...bus,
    now: () => store.clock.now(),
    advance: (ms) => store.clock.advance(ms),
    async idle({ timeoutMs = 2_000 } = {}) {
      const until = Date.now() + timeoutMs;
      for (let stuck = await unfinished(); stuck.length > 0; stuck = await unfinished()) {
        if (Date.now() < until) continue;
        throw new BusError(
          "deadline_exceeded",
          `not idle after ${timeoutMs} ms: ${stuck.join("; ")}`,
        );
      }
    },
  };
}
