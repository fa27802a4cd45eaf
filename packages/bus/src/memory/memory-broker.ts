import type { Broker, LeaseStream } from "../broker.ts";
import { BusError } from "../error.ts";
import type { MemoryStore } from "./memory-store.ts";

/** createMemoryBroker opens one process's broker on a store. */
export function createMemoryBroker(store: MemoryStore): Broker {
  const streams = new Set<LeaseStream>();
  let closed = false;

  function refuseIfClosed(): void {
    if (closed) throw new BusError("aborted", "the memory broker is closed");
  }

  return {
    name: "memory",
    features: store.features,
    clock: store.clock,
    async append(record, { signal }) {
      refuseIfClosed();
      if (signal?.aborted === true) {
        throw new BusError("aborted", `publishing ${record.id} was given up`, {
          cause: signal.reason,
        });
      }
      return store.append(record);
    },
    deadLetters: {
      async store(group, record) {
        refuseIfClosed();
        return store.deadLetters.store(group, record);
      },
      async list(group, page) {
        refuseIfClosed();
        return store.deadLetters.list(group, page);
      },
      async read(group, sequence) {
        refuseIfClosed();
        return store.deadLetters.read(group, sequence);
      },
      async count(group) {
        refuseIfClosed();
        return store.deadLetters.count(group);
      },
      async remove(group, sequence) {
        refuseIfClosed();
        return store.deadLetters.remove(group, sequence);
      },
      async replay(group, record) {
        refuseIfClosed();
        return store.replay(group, record);
      },
    },
    async declare(declaration) {
      refuseIfClosed();
      store.declare(declaration);
    },
    async lease(declaration, receive) {
      refuseIfClosed();
      const stream = store.declare(declaration).lease(declaration, receive);
      streams.add(stream);
      return stream;
    },
    async progress({ group, topics }) {
      refuseIfClosed();
      return store.progress(group, topics);
    },
    health: () => ({ connected: !closed }),
    async close() {
      closed = true;
      for (const stream of streams) await stream.close();
    },
  };
}
