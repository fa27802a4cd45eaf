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
      refuseIfAborted(record.id, signal);
      return store.append(record);
    },
    async appendAll(records, { signal }) {
      refuseIfClosed();
      refuseIfAborted(records.map(({ id }) => id).join(", "), signal);
      return store.appendAll(records);
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

function refuseIfAborted(what: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new BusError("aborted", `publishing ${what} was given up`, { cause: signal.reason });
}
