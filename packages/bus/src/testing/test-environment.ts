import type { Broker } from "../broker.ts";
import type { EventBus } from "../bus.ts";
import { type BusOptions, createBus } from "../create-bus.ts";
import type { BrokerFixture } from "./broker-fixture.ts";

/** The environment of one case: several processes on one fixture. Disposing it closes all of them. */
export interface TestEnvironment extends AsyncDisposable {
  /** Opens the bus of another process. `change` may replace parts of its broker. */
  openBus(
    change?: (broker: Broker) => Broker,
    options?: Pick<BusOptions, "interceptors">,
  ): Promise<EventBus>;
  /** Opens the broker of another process. */
  openBroker(): Promise<Broker>;
  /** The optional hooks of the fixture. */
  readonly fixture: Omit<
    BrokerFixture,
    "open" | "advance" | "shiftWallClock" | keyof AsyncDisposable
  >;
  /** Whether time moves only while a case waits. */
  readonly hasManualTime: boolean;
  /** Returns the time of the brokers, in milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Waits for a condition, advancing manual time meanwhile. Rejects, naming `what`, after 60 s of
   * real time, or 20 s with manual time.
   */
  waitFor(what: string, condition: () => boolean): Promise<void>;
  /** Waits until a list has at least `count` entries. */
  waitForCount(list: readonly unknown[], count: number): Promise<void>;
  /** Lets `ms` milliseconds of the brokers' time elapse. */
  elapse(ms: number): Promise<void>;
  /** Sets the wall clock forward or back, until the case ends. */
  shiftWallClock(ms: number): void;
}

const stepMs = 20;
const timeoutsMs = { realTime: 60_000, manualTime: 20_000 };

/** Creates an environment on a new fixture. */
export async function createTestEnvironment(
  createFixture: () => Promise<BrokerFixture>,
): Promise<TestEnvironment> {
  const fixture = await createFixture();
  const advance = fixture.advance?.bind(fixture);
  const timeoutMs = advance === undefined ? timeoutsMs.realTime : timeoutsMs.manualTime;
  const opened: AsyncDisposable[] = [];
  const { clock } = await openBroker();

  async function openBroker(): Promise<Broker> {
    const broker = await fixture.open();
    opened.push({ [Symbol.asyncDispose]: () => broker.close() });
    return broker;
  }

  async function step(): Promise<void> {
    await advance?.(stepMs);
    await new Promise((resolve) => {
      setTimeout(resolve, advance === undefined ? stepMs / 2 : 0);
    });
  }

  async function waitFor(what: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
      await step();
    }
  }

  return {
    openBroker,
    async openBus(change = (broker) => broker, options = {}) {
      const bus = createBus(change(await fixture.open()), {
        source: "//conformance",
        stopTimeoutMs: 1_000,
        ...options,
      });
      opened.push(bus);
      return bus;
    },
    fixture,
    hasManualTime: advance !== undefined,
    now: () => clock.now(),
    waitFor,
    async waitForCount(list, count) {
      const isComplete = () => list.length >= count;
      await waitFor(`${count} entries`, isComplete).catch((reason: unknown) => {
        throw new Error(`expected ${count} entries, got ${list.length}`, { cause: reason });
      });
    },
    async elapse(ms) {
      if (advance !== undefined) return await advance(ms);
      const end = clock.monotonic() + ms;
      await waitFor(`${ms} ms to elapse`, () => clock.monotonic() >= end);
    },
    shiftWallClock(ms) {
      if (fixture.shiftWallClock !== undefined) return fixture.shiftWallClock(ms);
      const readWallClock = Date.now;
      Date.now = () => readWallClock() + ms;
      opened.push({
        async [Symbol.asyncDispose]() {
          Date.now = readWallClock;
        },
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each[Symbol.asyncDispose]()));
      await fixture[Symbol.asyncDispose]();
    },
  };
}
