import type { Broker } from "../broker.ts";
import type { EventBus } from "../bus.ts";
import { createBus } from "../create-bus.ts";
import type { BrokerStore } from "./broker-store.ts";

/** Stage is what a case of the suite plays on. */
export interface Stage extends AsyncDisposable {
  /** Opens the bus of another process on the same store, on its broker as `change` makes it. */
  openBus(change?: (broker: Broker) => Broker): Promise<EventBus>;
  /** Opens the broker of another process on the same store. */
  openBroker(): Promise<Broker>;
  /** What may be done to the store beside its brokers, as far as it can be. */
  readonly store: Omit<BrokerStore, "open" | "advance" | keyof AsyncDisposable>;
  /** Whether the store's time moves only when a case waits. */
  readonly manual: boolean;
  /** The store's time now, in milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Waits until the condition holds, moving time where it is moved by hand. After 60 s of real time
   * (20 s where it is) it fails, and says what it waited for.
   */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Waits until the list has `count` entries. */
  untilThere(list: readonly unknown[], count: number): Promise<void>;
  /** Lets `ms` of the store's time pass. */
  pass(ms: number): Promise<void>;
}

const stepMs = 20;
/** How long a case waits in real time; less where time is moved by hand, as nothing else is slow. */
const patience = { server: 60_000, manual: 20_000 };

/** createStage makes an empty store and what plays on it; disposing it closes all of that. */
export async function createStage(createStore: () => Promise<BrokerStore>): Promise<Stage> {
  const store = await createStore();
  const patienceMs = store.advance === undefined ? patience.server : patience.manual;
  const opened: AsyncDisposable[] = [];
  const { clock } = await openBroker();

  async function openBroker(): Promise<Broker> {
    const broker = await store.open();
    opened.push({ [Symbol.asyncDispose]: () => broker.close() });
    return broker;
  }

  /** Half a step of real time is enough to be about as fast as the condition. */
  async function step(): Promise<void> {
    const realMs = store.advance === undefined ? stepMs / 2 : 0;
    await store.advance?.(stepMs);
    await new Promise((resolve) => {
      setTimeout(resolve, realMs);
    });
  }

  async function until(what: string, condition: () => boolean): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms for ${what}`);
      await step();
    }
  }

  return {
    openBroker,
    async openBus(change = (broker) => broker) {
      const bus = createBus(change(await store.open()), {
        source: "//conformance",
        stopTimeoutMs: 1_000,
      });
      opened.push(bus);
      return bus;
    },
    store,
    manual: store.advance !== undefined,
    now: () => clock.now(),
    until,
    async untilThere(list, count) {
      const there = () => list.length >= count;
      await until(`${count} entries`, there).catch((reason: unknown) => {
        throw new Error(`there are ${list.length} of ${count}`, { cause: reason });
      });
    },
    async pass(ms) {
      if (store.advance !== undefined) return await store.advance(ms);
      const end = clock.now() + ms;
      await until(`${ms} ms to pass`, () => clock.now() >= end);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each[Symbol.asyncDispose]()));
      await store[Symbol.asyncDispose]();
    },
  };
}
