import { setTimeout as delay } from "node:timers/promises";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { endWhenSilent, type WatchResponse } from "./end-when-silent.ts";

/** Options of {@link watchTrip}. */
export interface WatchOptions {
  readonly signal?: AbortSignal;
  /** The pause before the first attempt to resume, in milliseconds. It doubles up to 5 s. Default: 200. */
  readonly pauseMs?: number;
}

/** The stream was cut, or the server has too many watchers or requests for the moment. */
const passingCodes = [
  Code.Unavailable,
  Code.Aborted,
  Code.DeadlineExceeded,
  Code.Canceled,
  Code.ResourceExhausted,
];

/** The part of a client that watches trips: as riders see them, or as operators do. */
export interface WatchClient<T> {
  watchTrip(
    request: { readonly tripId: string; readonly afterVersion: bigint },
    options: CallOptions,
  ): AsyncIterable<WatchResponse<T>>;
}

const maxPauseMs = 5_000;
/** How many attempts in a row may end without a change. */
const maxAttempts = 8;

/**
 * Yields a trip, then the trip after each of its changes, until it is over. Resumes after the last one when
 * the stream ends early: when the token has expired, which the client replaces, the server has stopped or
 * does not answer or has too many watchers, or the stream is silent for three times the interval of its
 * heartbeats. Rejects when the trip cannot be watched, and after eight attempts in a row without a change or a
 * heartbeat.
 */
export async function* watchTrip<T extends { readonly version: bigint }>(
  client: WatchClient<T>,
  tripId: string,
  { signal, pauseMs = 200 }: WatchOptions = {},
): AsyncGenerator<T> {
  let afterVersion = 0n;
  let attempts = 0;
  let received = false;
  for (;;) {
    try {
      const open = (ended: AbortSignal) =>
        client.watchTrip({ tripId, afterVersion }, { timeoutMs: 0, signal: ended });
      for await (const { trip, heartbeat } of endWhenSilent(open, signal)) {
        if (trip !== undefined && trip.version <= afterVersion) continue;
        if (trip === undefined && heartbeat === undefined) continue;
        received = true;
        attempts = 0;
        if (trip === undefined) continue;
        afterVersion = trip.version;
        yield trip;
      }
      return;
    } catch (error) {
      signal?.throwIfAborted();
      attempts += 1;
      if (!canResume(error, received) || attempts >= maxAttempts) throw error;
      received = false;
      await delay(Math.min(pauseMs * 2 ** (attempts - 1), maxPauseMs), undefined, { signal });
    }
  }
}

/** Returns whether another attempt can help. A token that was never accepted is refused again. */
function canResume(error: unknown, received: boolean): boolean {
  const { code } = ConnectError.from(error);
  if (code === Code.Unauthenticated) return received;
  return passingCodes.includes(code);
}
