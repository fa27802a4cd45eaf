import { createDeferred } from "@fanfare/bus/kit";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { type Deadline, pauseUntil } from "../deadline.ts";
import { computeRetryDelay } from "./compute-retry-delay.ts";
import { createClosedError, type ManagedConnection } from "./managed-connection.ts";
import { hasNoResponders, isTransient, toBusError } from "./to-bus-error.ts";

/**
 * How long the first try waits for an answer of JetStream's API, and the longest wait, in milliseconds.
 * A request to a stream that elects its leader is never answered, the next one soon is.
 */
const requestTimeoutMs = { first: 1_000, longest: 5_000 };

/**
 * How many times nothing may receive a request to the API before JetStream counts as not enabled: a
 * server that has just started may not receive them yet.
 */
const maxUnreceived = 3;

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
      return await callOnce(connection, createAttempt(failures, deadline), run);
    } catch (reason) {
      const error = toBusError(reason, about);
      const isRetryable =
        isTransient(error) ||
        error.code === "deadline_exceeded" ||
        (hasNoResponders(error) && failures < maxUnreceived);
      if (!isRetryable || performance.now() >= deadline.at) throw error;
    }
    await pauseUntil(computeRetryDelay(failures), deadline);
  }
}

interface Attempt {
  readonly deadline: Deadline;
  readonly timeoutMs: number;
}

/** Doubles the wait for an answer with each try, so that slow answers arrive as well. */
function createAttempt(number: number, deadline: Deadline): Attempt {
  const { first, longest } = requestTimeoutMs;
  const patienceMs = Math.min(longest, first * 2 ** (number - 1));
  return {
    deadline,
    timeoutMs: Math.max(1, Math.min(patienceMs, deadline.at - performance.now())),
  };
}

/** Rejects as soon as the connection is lost, instead of waiting for an answer that cannot come. */
async function callOnce<T>(
  connection: ManagedConnection,
  { deadline, timeoutMs }: Attempt,
  run: (api: JetStreamManager) => Promise<T>,
): Promise<T> {
  const client = await connection.connected(deadline);
  const api = await jetstreamManager(client, {
    apiPrefix: connection.apiPrefix,
    checkAPI: false,
    timeout: timeoutMs,
  });
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
