import { AsyncLocalStorage } from "node:async_hooks";
import { isDeepStrictEqual } from "node:util";
import type { TemporalSettings } from "@fanfare/trip-contract/temporal";
import type { Connection, ConnectionLike } from "@temporalio/client";

/** The time that calls of a replaced connection have to end, in milliseconds. */
const drainMs = 120_000;

/**
 * Creates a connection that is replaced when the settings change, such as a certificate that was rotated.
 * A call ends on the connection on which it began.
 */
export function createRotatingConnection(
  readSettings: () => TemporalSettings,
  open: (settings: TemporalSettings) => Connection,
): ConnectionLike {
  let settings = readSettings();
  let latest = open(settings);
  const retired = new Map<Connection, NodeJS.Timeout>();
  // The deadline and the signal of a call belong to the connection that they were set on.
  const pinned = new AsyncLocalStorage<Connection>();

  function choose(): Connection {
    const pin = pinned.getStore();
    if (pin !== undefined) return pin;
    const found = readSettings();
    if (found !== settings && !isDeepStrictEqual(found, settings)) {
      const old = latest;
      latest = open(found);
      retired.set(old, setTimeout(() => void close(old), drainMs).unref());
    }
    settings = found;
    return latest;
  }

  async function close(connection: Connection): Promise<void> {
    clearTimeout(retired.get(connection));
    retired.delete(connection);
    await connection.close();
  }

  const run = <R>(call: (connection: Connection) => Promise<R>): Promise<R> => {
    const connection = choose();
    return pinned.run(connection, () => call(connection));
  };
  return {
    get workflowService() {
      return choose().workflowService;
    },
    get operatorService() {
      return choose().operatorService;
    },
    plugins: latest.plugins,
    ensureConnected: () => choose().ensureConnected(),
    withDeadline: (deadline, fn) => run((connection) => connection.withDeadline(deadline, fn)),
    withMetadata: (metadata, fn) => run((connection) => connection.withMetadata(metadata, fn)),
    withAbortSignal: (signal, fn) => run((connection) => connection.withAbortSignal(signal, fn)),
    async close() {
      await Promise.all([latest, ...retired.keys()].map(close));
    },
  };
}
