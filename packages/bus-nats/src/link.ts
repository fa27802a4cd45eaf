import { type BrokerHealth, BusError } from "@fanfare/bus";
import { errors, type NatsConnection, type PermissionViolationError } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { backoffMs } from "./backoff.ts";
import { connectionOptions } from "./connection-options.ts";
import { toBusError } from "./errors.ts";
import type { NatsOptions } from "./settings.ts";
import { abortedBy, msUntil, pause, type Until, within } from "./until.ts";

/** LinkWatcher is told how the connection fares. Its methods must not throw. */
export interface LinkWatcher {
  /** At every connect. Subscriptions of an earlier connection may be gone: it may be another one. */
  up?(connection: NatsConnection): void;
  /** What was sent and not answered may not have arrived. */
  down?(error: BusError): void;
  /** The server refused one publish or one subscription. */
  denied?(violation: PermissionViolationError): void;
  /** A first connection could not be made; it is tried again. */
  failed?(error: BusError): void;
  /** The link was closed for good. */
  closed?(): void;
}

/** Link keeps one connection to NATS up for as long as it is open, and says when it is. */
export interface Link {
  /** The connection while it is up. */
  connection(): NatsConnection | undefined;
  /** Resolves when the connection is up; rejects with `unavailable` when late, or `aborted`. */
  connected(until: Until): Promise<NatsConnection>;
  /** Calls `up` at once when the connection is up. Returns how to stop watching. */
  watch(watcher: LinkWatcher): () => void;
  health(): BrokerHealth;
  /** Sends what is waiting, then closes; by the deadline in any case. */
  close(until: Until): Promise<void>;
}

/** openLink begins to connect and returns at once. Throws `invalid_argument` for wrong options. */
export function openLink(options: NatsOptions, dial: typeof connect = connect): Link {
  const where = typeof options.servers === "string" ? options.servers : options.servers.join(", ");
  if (where === "") throw new BusError("invalid_argument", "servers: name at least one");
  const closing = new AbortController();
  const watchers = new Set<LinkWatcher>();
  let current: NatsConnection | undefined;
  let opened: NatsConnection | undefined;
  let lastError: BusError | undefined;

  const tell = (event: (watcher: LinkWatcher) => void) => {
    for (const watcher of watchers) event(watcher);
  };
  const up = (connection: NatsConnection) => {
    current = connection;
    lastError = undefined;
    tell((watcher) => watcher.up?.(connection));
  };
  const down = (error: BusError) => {
    if (current === undefined) return;
    current = undefined;
    lastError = error;
    tell((watcher) => watcher.down?.(error));
  };

  /** Follows one connection through its losses and returns until it is closed for good. */
  const follow = async (connection: NatsConnection) => {
    const events = connection.status();
    opened = connection;
    up(connection);
    for await (const event of events) {
      if (event.type === "disconnect") {
        down(new BusError("unavailable", `the connection to ${event.server} is lost`));
      } else if (event.type === "reconnect") {
        up(connection);
      } else if (event.type === "slowConsumer") {
        const what = `${event.pending} messages of ${event.sub.getSubject()} wait in this process`;
        lastError = new BusError("slow_consumer", what);
      } else if (event.type === "error") {
        const { error } = event;
        lastError = toBusError(error, where);
        if (error instanceof errors.PermissionViolationError) {
          tell((watcher) => watcher.denied?.(error));
        }
      }
    }
    const reason = await connection.closed();
    down(toBusError(reason ?? new errors.ClosedConnectionError(), where));
  };

  const keep = async () => {
    for (let failures = 0; !closing.signal.aborted; ) {
      try {
        const connection = await dial(connectionOptions(options));
        if (closing.signal.aborted) return await connection.close();
        failures = 0;
        await follow(connection);
      } catch (reason) {
        const error = toBusError(reason, `cannot connect to NATS at ${where}`);
        lastError = error;
        tell((watcher) => watcher.failed?.(error));
      }
      failures += 1;
      await pause(backoffMs(failures), { deadlineAt: Infinity, signal: closing.signal });
    }
  };
  const kept = keep();

  const watch = (watcher: LinkWatcher) => {
    watchers.add(watcher);
    if (current !== undefined) watcher.up?.(current);
    return () => {
      watchers.delete(watcher);
    };
  };

  const connected = (until: Until): Promise<NatsConnection> => {
    if (closing.signal.aborted) return Promise.reject(closed());
    if (current !== undefined) return Promise.resolve(current);
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        unwatch();
        until.signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const late = () => {
        const message = `not connected to NATS at ${where}: ${lastError?.message ?? "no answer yet"}`;
        end(() => reject(new BusError("unavailable", message, { cause: lastError })));
      };
      const onAbort = () => end(() => reject(abortedBy(until.signal ?? closing.signal)));
      const timer = setTimeout(late, msUntil(until.deadlineAt));
      const unwatch = watch({
        up: (connection) => end(() => resolve(connection)),
        closed: () => end(() => reject(closed())),
      });
      until.signal?.addEventListener("abort", onAbort);
      if (until.signal?.aborted === true) onAbort();
    });
  };

  return {
    connection: () => current,
    connected,
    watch,
    health: () => ({
      connected: current !== undefined,
      ...(lastError === undefined ? {} : { lastError }),
    }),
    async close(until) {
      if (closing.signal.aborted) return;
      closing.abort();
      tell((watcher) => watcher.closed?.());
      // Draining sends what waits to be sent. A connection that is down has nothing to drain.
      const ended = current?.drain().catch(() => {}) ?? Promise.resolve();
      const over = ended.then(() => Promise.all([opened?.close(), kept]));
      await within(over, "closing", until).catch(() => opened?.close());
    },
  };
}

function closed(): BusError {
  return new BusError("aborted", "the bus is closed");
}
