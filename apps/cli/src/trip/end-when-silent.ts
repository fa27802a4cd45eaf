import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Heartbeat } from "@fanfare/contracts/trips/v1/trips";

/** A response of WatchTrip: a trip as its rider or operators see it, or a heartbeat. */
export interface WatchResponse<T> {
  readonly trip?: T | undefined;
  readonly heartbeat?: Heartbeat | undefined;
}

/** The longest interval of heartbeats, for as long as none has named a shorter one. */
const longestIntervalMs = 30_000;
/** How many intervals may pass without anything: a heartbeat may be late. */
const intervals = 3;

/**
 * Yields the responses of a stream. Throws `unavailable` once it is silent for three intervals of its
 * heartbeats: its connection is lost, although nothing closed it. The time in which the caller handles a
 * response does not count.
 */
export async function* endWhenSilent<T>(
  open: (signal: AbortSignal) => AsyncIterable<WatchResponse<T>>,
  signal?: AbortSignal,
): AsyncGenerator<WatchResponse<T>> {
  const ended = new AbortController();
  const signals = signal === undefined ? [ended.signal] : [signal, ended.signal];
  const responses = open(AbortSignal.any(signals))[Symbol.asyncIterator]();
  let limitMs = intervals * longestIntervalMs;
  try {
    for (;;) {
      const result = await waitFor(responses.next(), limitMs);
      if (result.done === true) return;
      const { heartbeat } = result.value;
      if (heartbeat?.interval !== undefined) limitMs = intervals * durationMs(heartbeat.interval);
      yield result.value;
    }
  } finally {
    ended.abort();
  }
}

async function waitFor<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: silent, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `expected a response within ${ms} ms, and the stream is silent`;
    reject(new ConnectError(message, Code.Unavailable));
  }, ms);
  try {
    return await Promise.race([promise, silent]);
  } finally {
    clearTimeout(timer);
  }
}
