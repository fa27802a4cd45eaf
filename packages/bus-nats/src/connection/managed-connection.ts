import { type BrokerHealth, BusError } from "@fanfare/bus";
import { createDeferred, listCauses, pause } from "@fanfare/bus/kit";
import {
  errors,
  type NatsConnection,
  type PermissionViolationError,
  type Status,
} from "@nats-io/nats-core";
import type { connect } from "@nats-io/transport-node";
import { createAbortError, type Deadline, settlesBefore } from "../deadline.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";
import { computeRetryDelay } from "./compute-retry-delay.ts";
import { createConnectionOptions } from "./create-connection-options.ts";
import { dialServer } from "./dial-server.ts";
import { parseServers } from "./parse-servers.ts";
import { resolveApiPrefix } from "./resolve-api-prefix.ts";
import { toBusError } from "./to-bus-error.ts";

/** Receives the changes of a connection. Its methods must not throw. */
export interface ConnectionListener {
  /** Called at every connect. The client may be a new one, without the subscriptions of the last. */
  onConnected?(client: NatsConnection): void;
  /** Called when the connection is lost. Messages that were sent may not have arrived. */
  onDisconnected?(error: BusError): void;
  /** Called when the server refuses one publish or one subscription. */
  onPermissionDenied?(violation: PermissionViolationError): void;
  /** Called when a first connection fails; it is retried. */
  onConnectFailed?(error: BusError): void;
  /** Called once, when the connection is closed for good. */
  onClosed?(): void;
}

/** A connection to NATS that reconnects until it is closed. */
export interface ManagedConnection {
  /** The prefix of the subjects of JetStream's API. */
  readonly apiPrefix: string;
  /** Returns the client while it is connected. */
  client(): NatsConnection | undefined;
  /**
   * Resolves to the client once it is connected. Rejects with `unavailable` at the deadline, and with
   * `aborted` when the signal aborts or the connection is closed.
   */
  connected(deadline: Deadline): Promise<NatsConnection>;
  /** Adds a listener; calls its `onConnected` at once while connected. Returns how to remove it. */
  listen(listener: ConnectionListener): () => void;
  /** Returns whether it is connected, and the last error since the last connect. */
  health(): BrokerHealth;
  /** Sends what is buffered, then closes. Returns at the deadline in any case. */
  close(deadline: Deadline): Promise<void>;
}

/** Starts to connect and returns at once. Throws `invalid_argument` when no server is named. */
export function openConnection(
  options: NatsBrokerOptions,
  dial: typeof connect = dialServer,
): ManagedConnection {
  const apiPrefix = resolveApiPrefix(options);
  const address = parseServers(options.servers).addresses.join(", ");
  const closing = new AbortController();
  let closed: Promise<void> | undefined;
  const listeners = new Set<ConnectionListener>();
  /** The client while it is connected. */
  let current: NatsConnection | undefined;
  /** The client, connected or not. */
  let opened: NatsConnection | undefined;
  let lastError: BusError | undefined;

  const notify = (call: (listener: ConnectionListener) => void) => {
    for (const listener of listeners) call(listener);
  };
  const setConnected = (client: NatsConnection) => {
    current = client;
    lastError = undefined;
    notify((listener) => listener.onConnected?.(client));
  };
  const setDisconnected = (error: BusError) => {
    if (current === undefined) return;
    current = undefined;
    lastError = error;
    notify((listener) => listener.onDisconnected?.(error));
  };

  const onStatus = (client: NatsConnection, status: Status) => {
    if (status.type === "disconnect") {
      const message = `the connection to ${status.server} is lost`;
      setDisconnected(new BusError("unavailable", message));
    } else if (status.type === "reconnect") {
      setConnected(client);
    } else if (status.type === "slowConsumer") {
      const message = `${status.pending} messages of ${status.sub.getSubject()} are buffered in this process: its event loop is too slow to read them`;
      lastError = new BusError("slow_consumer", message);
    } else if (status.type === "error") {
      const violation = findViolation(status.error);
      // What was refused shows where it was asked for.
      if (violation === undefined) lastError = toBusError(status.error, address);
      else notify((listener) => listener.onPermissionDenied?.(violation));
    }
  };

  /** Reports the changes of one client until nats.js closes it. */
  const follow = async (client: NatsConnection) => {
    const statuses = client.status();
    opened = client;
    setConnected(client);
    for await (const status of statuses) onStatus(client, status);
    const reason = await client.closed();
    setDisconnected(toBusError(reason ?? new errors.ClosedConnectionError(), address));
  };

  const keepConnected = async () => {
    for (let failures = 0; !closing.signal.aborted; ) {
      try {
        const client = await dial(createConnectionOptions(options));
        if (closing.signal.aborted) return await client.close();
        failures = 0;
        await follow(client);
      } catch (reason) {
        const error = toConnectError(reason, address);
        lastError = error;
        notify((listener) => listener.onConnectFailed?.(error));
      }
      failures += 1;
      await pause(computeRetryDelay(failures), closing.signal);
    }
  };
  const ended = keepConnected();

  const listen = (listener: ConnectionListener) => {
    listeners.add(listener);
    if (current !== undefined) listener.onConnected?.(current);
    return () => {
      listeners.delete(listener);
    };
  };

  const connected = async (deadline: Deadline): Promise<NatsConnection> => {
    if (closing.signal.aborted) throw createClosedError();
    if (current !== undefined) return current;
    const next = createDeferred<NatsConnection>();
    const stopListening = listen({
      onConnected: next.resolve,
      onClosed: () => next.reject(createClosedError()),
    });
    try {
      if (await settlesBefore(next.promise, deadline)) return await next.promise;
    } finally {
      stopListening();
    }
    if (deadline.signal?.aborted === true) throw createAbortError(deadline.signal);
    const message = `not connected to NATS at ${address}: ${lastError?.message ?? "no answer yet"}`;
    throw new BusError("unavailable", message, { cause: lastError });
  };

  const close = async (): Promise<void> => {
    closing.abort();
    notify((listener) => listener.onClosed?.());
    // Draining sends what is buffered. A client that is disconnected has nothing to drain.
    await current?.drain().catch(() => {});
    await Promise.all([opened?.close(), ended]);
  };

  return {
    apiPrefix,
    client: () => current,
    connected,
    listen,
    health: () => ({
      connected: current !== undefined,
      ...(lastError === undefined ? {} : { lastError }),
    }),
    async close(deadline) {
      closed ??= close();
      if (!(await settlesBefore(closed, deadline))) await opened?.close();
    },
  };
}

/** Returns `unavailable` for a cause that can pass, such as a certificate that will be replaced. */
function toConnectError(reason: unknown, address: string): BusError {
  const error = toBusError(reason, `cannot connect to NATS at ${address}`);
  if (error.code !== "internal") return error;
  return new BusError("unavailable", error.message, { cause: reason });
}

function findViolation(reason: unknown): PermissionViolationError | undefined {
  return listCauses(reason).find((one) => one instanceof errors.PermissionViolationError);
}

/** Creates the error of a call on a bus that is closed. */
export function createClosedError(): BusError {
  return new BusError("aborted", "the bus is closed");
}
