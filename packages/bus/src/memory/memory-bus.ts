import type { EventBus } from "../bus.ts";
import { type BusOptions, createBus } from "../create-bus.ts";
import { BusError } from "../error.ts";
import { createMemoryBroker, type MemoryBrokerOptions } from "./memory-broker.ts";
import { createMemoryStore } from "./memory-store.ts";

/** An event bus in memory, for tests: handlers run at once, and time moves by hand. */
export interface MemoryBus extends EventBus {
  /** Returns the time of the bus, in milliseconds since the Unix epoch. It starts at 2026-01-01T08:00:00Z. */
  now(): number;
  /**
   * Waits until no running subscription of the store has work: every event is handled, waits for `advance`, or
   * belongs to a group without a subscription. Rejects with `deadline_exceeded`, naming the groups
   * with work, after `timeoutMs` milliseconds of real time. Default: 2,000.
   */
  idle(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Advances the time by `ms` milliseconds: retries, timeouts and leases that fall due run in order. */
  advance(ms: number): Promise<void>;
}

/** The options of a bus in memory. */
export interface MemoryBusOptions extends Partial<BusOptions>, MemoryBrokerOptions {}

/**
 * Creates a bus in memory. The default `source` is `//memory`, the default `stopTimeoutMs` 1,000.
 *
 * @example
 * ```ts
 * await using bus = createMemoryBus();
 * await bus.subscribe("readers", (on) =>
 *   on.service(NoteEvents, {
 *     noteWritten(note) {
 *       console.log(note.author);
 *     },
 *   }),
 * );
 * await createPublisher(NoteEvents, bus).noteWritten({ author: "ada" });
 * await bus.idle();
 * ```
 */
export function createMemoryBus({
  store = createMemoryStore(),
  source = "//memory",
  stopTimeoutMs = 1_000,
  ...options
}: MemoryBusOptions = {}): MemoryBus {
  const bus = createBus(createMemoryBroker({ store }), { source, stopTimeoutMs, ...options });

  store.addDelayCounter((group) => {
    const ours = bus.health().subscriptions.filter((one) => one.group === group);
    return ours.reduce((sum, { delayed }) => sum + delayed, 0);
  });

  /** Describes the remaining work, once everything that waits only for promises has run. */
  function describeUnfinished(): Promise<string[]> {
    return new Promise((resolve) => {
      setImmediate(() => resolve(store.describeUnfinished()));
    });
  }

  return {
    ...bus,
    now: () => store.clock.now(),
    advance: (ms) => store.clock.advance(ms),
    async idle({ timeoutMs = 2_000 } = {}) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const unfinished = await describeUnfinished();
        if (unfinished.length === 0) return;
        if (performance.now() < deadline) continue;
        throw new BusError(
          "deadline_exceeded",
          `the bus is not idle after ${timeoutMs} ms: ${unfinished.join("; ")}`,
        );
      }
    },
  };
}
