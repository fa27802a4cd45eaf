import type { Broker, LeaseStream } from "../broker.ts";
import { BusError } from "../error.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";

/** The options of a broker in memory. */
export interface MemoryBrokerOptions {
  /** The store to use: pass that of another broker to play a second process. Default: a new one. */
  readonly store?: MemoryStore;
}

/**
 * Creates the broker of one process in memory. Brokers on the same store share its events and groups.
 *
 * @example
 * const store = createMemoryStore();
 * await using bus = createBus(createMemoryBroker({ store }), { source: "//trips.example.com" });
 */
export function createMemoryBroker({
  store = createMemoryStore(),
}: MemoryBrokerOptions = {}): Broker {
  const streams = new Set<LeaseStream>();
  let closed = false;

  function assertOpen(): void {
    if (closed) throw new BusError("aborted", "the memory broker is closed");
  }

  return {
    name: "memory",
    features: store.features,
    clock: store.clock,
    async append(record, { signal }) {
      assertOpen();
      assertNotAborted(record.id, signal);
      return store.append(record);
    },
    async appendAll(records, { signal }) {
      assertOpen();
      assertNotAborted(records.map(({ id }) => id).join(", "), signal);
      return store.appendAll(records);
    },
    deadLetters: {
      async store(group, record) {
        assertOpen();
        return store.deadLetters.store(group, record);
      },
      async list(group, page) {
        assertOpen();
        return store.deadLetters.list(group, page);
      },
      async read(group, sequence) {
        assertOpen();
        return store.deadLetters.read(group, sequence);
      },
      async count(group) {
        assertOpen();
        return store.deadLetters.count(group);
      },
      async remove(group, sequence) {
        assertOpen();
        return store.deadLetters.remove(group, sequence);
      },
      async replay(group, record) {
        assertOpen();
        return store.replay(group, record);
      },
    },
    async declare(declaration) {
      assertOpen();
      store.declare(declaration);
    },
    async lease(declaration, receive, onLost) {
      assertOpen();
      const stream = store.declare(declaration).lease(declaration, receive, onLost);
      streams.add(stream);
      return stream;
    },
    async progress({ group, topics }) {
      assertOpen();
      return store.progress(group, topics);
    },
    health: () => ({ connected: !closed }),
    async close() {
      closed = true;
      for (const stream of streams) await stream.close();
    },
  };
}

function assertNotAborted(ids: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new BusError("aborted", `the publish of ${ids} was aborted`, { cause: signal.reason });
}
