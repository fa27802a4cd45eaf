import { BusError, createBus, type EventBus } from "@fanfare/bus";
import { createDeferred } from "@fanfare/bus/kit";
import { type ManagedConnection, openConnection } from "./connection/managed-connection.ts";
import { assembleBroker } from "./create-nats-broker.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import type { NatsOptions } from "./nats-options.ts";
import { resolveSettings } from "./settings.ts";

/** How long closing may take after a failed connect, in milliseconds. */
const closeTimeoutMs = 1_000;

/**
 * Opens a bus over JetStream: `createBus` over `createNatsBroker`, connected.
 *
 * Resolves once connected, or after `connectTimeoutMs` while the server is unreachable. In the second
 * case the bus keeps connecting, `health()` reports it, and operations wait for the connection until
 * their own deadlines. Rejects with `permission_denied` when the server refuses the credentials and
 * with `invalid_argument` for options that cannot work, and leaves no connection open.
 *
 * @example
 * await using bus = await connectNats({ servers, source: "//trips.example.com" });
 * console.log(bus.health().connected);
 */
export async function connectNats(options: NatsOptions): Promise<EventBus> {
  const settings = resolveSettings(options);
  const { source = options.name ?? "fanfare", connectTimeoutMs = 5_000 } = options;
  const connection = openConnection(options);
  try {
    // All options are passed on: no option of the bus can be forgotten.
    const bus = createBus(assembleBroker(connection, settings), { ...options, source });
    await waitForConnection(connection, createDeadline(connectTimeoutMs));
    return bus;
  } catch (reason) {
    await connection.close(createDeadline(closeTimeoutMs));
    throw BusError.from(reason);
  }
}

/** Resolves once connected, or at the deadline. Rejects when connecting again cannot succeed. */
async function waitForConnection(connection: ManagedConnection, deadline: Deadline): Promise<void> {
  const refused = createDeferred<never>();
  const stopListening = connection.listen({
    onConnectFailed(error) {
      if (!error.retryable) refused.reject(error);
    },
  });
  try {
    await Promise.race([connection.connected(deadline), refused.promise]);
  } catch (reason) {
    const error = BusError.from(reason);
    if (!error.retryable) throw error;
  } finally {
    stopListening();
  }
}
