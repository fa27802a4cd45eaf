import { createDeferred } from "@fanfare/bus/kit";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { type Deadline, pauseUntil } from "../deadline.ts";
import { computeRetryDelay } from "./compute-retry-delay.ts";
import { createClosedError, type ManagedConnection } from "./managed-connection.ts";
import { isTransient, toBusError } from "./to-bus-error.ts";

/** The longest wait for one answer of JetStream's API, in milliseconds. */
const requestTimeoutMs = 5_000;

/** What a call of JetStream's API does, and until when it is retried. */
export interface JetStreamCall {
  /** Begins the message of the error, such as "cannot provision stream fanfare_a". */
  readonly about: string;
  readonly deadline: Deadline;
}

/**
 * Calls JetStream's API. Waits for the connection, and retries transient failures until the deadline,
 * so `run` has to be idempotent. Rejects with a BusError.
 */
export async function callJetStream<T>(
  connection: ManagedConnection,
  { about, deadline }: JetStreamCall,
  run: (api: JetStreamManager) => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await callOnce(connection, deadline, run);
    } catch (reason) {
      const error = toBusError(reason, about);
      const isRetryable = isTransient(error) || error.code === "deadline_exceeded";
      if (!isRetryable || performance.now() >= deadline.at) throw error;
    }
    await pauseUntil(computeRetryDelay(failures), deadline);
  }
}

/** Rejects as soon as the connection is lost, instead of waiting for an answer that cannot come. */
async function callOnce<T>(
  connection: ManagedConnection,
  deadline: Deadline,
  run: (api: JetStreamManager) => Promise<T>,
): Promise<T> {
  const client = await connection.connected(deadline);
  const timeout = Math.max(1, Math.min(requestTimeoutMs, deadline.at - performance.now()));
  const api = await jetstreamManager(client, { checkAPI: false, timeout });
  const lost = createDeferred<never>();
  const stopListening = connection.listen({
    onDisconnected: lost.reject,
    onClosed: () => lost.reject(createClosedError()),
  });
  try {
    return await Promise.race([run(api), lost.promise]);
  } finally {
    stopListening();
  }
}
