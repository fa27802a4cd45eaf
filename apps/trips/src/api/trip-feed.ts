import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import { notify } from "@fanfare/service";
import { isFinal } from "../registry/trip-message.ts";
import type { TripRegistry, TripVersion } from "../registry/trip-registry.ts";

/** The changes of trips, for any number of watchers. */
export interface TripFeed {
  /**
   * Yields the given trip, or the changes of it after a version, then the trip after each of its changes,
   * until it is final. Throws
   * resource_exhausted when there are too many watchers, and the reason of the signal when it aborts.
   */
  watch(
    trip: OperatorTrip,
    signal: AbortSignal,
    afterVersion?: bigint,
  ): AsyncGenerator<OperatorTrip>;
}

/** How a feed polls the registry. */
export interface TripFeedOptions {
  readonly registry: Pick<TripRegistry, "changesSince">;
  readonly pollIntervalMs: number;
  readonly maxWatchers: number;
  /** Called after each poll that fails. The next one follows after a longer pause. */
  readonly onError: (error: unknown) => void;
}

interface Waiter extends TripVersion {
  resolve(changes: OperatorTrip[]): void;
}

const maxPauseMs = 5_000;

/**
 * Creates a feed that polls the registry with one query for all watchers, and only while there are any.
 * Unlike LISTEN and NOTIFY it needs no connection of its own, loses nothing with a connection, and
 * costs writers nothing.
 */
export function createTripFeed(options: TripFeedOptions): TripFeed {
  const { registry, pollIntervalMs, maxWatchers, onError } = options;
  const waiters = new Set<Waiter>();
  let watchers = 0;
  let polling = false;

  async function poll(): Promise<void> {
    polling = true;
    let pauseMs = pollIntervalMs;
    while (waiters.size > 0) {
      try {
        deliver(await registry.changesSince([...waiters]));
        pauseMs = pollIntervalMs;
      } catch (error) {
        notify(onError, [error]);
        pauseMs = Math.min(2 * pauseMs, maxPauseMs);
      }
      await sleep(pauseMs);
    }
    polling = false;
  }

  function deliver(changes: readonly OperatorTrip[]): void {
    const byTrip = Map.groupBy(changes, (change) => change.tripId);
    for (const waiter of waiters) {
      const newer = byTrip.get(waiter.tripId)?.filter((trip) => trip.version > waiter.version);
      if (newer !== undefined && newer.length > 0) waiter.resolve(newer);
    }
  }

  async function waitForChanges(trip: OperatorTrip, signal: AbortSignal): Promise<OperatorTrip[]> {
    const { promise, resolve, reject } = Promise.withResolvers<OperatorTrip[]>();
    const waiter = { tripId: trip.tripId, version: trip.version, resolve };
    const onAbort = () => reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener("abort", onAbort, { once: true });
    waiters.add(waiter);
    if (!polling) void poll();
    try {
      return await promise;
    } finally {
      waiters.delete(waiter);
      signal.removeEventListener("abort", onAbort);
    }
  }

  return {
    async *watch(trip, signal, afterVersion = 0n) {
      if (watchers >= maxWatchers) throw createTooManyWatchersError();
      watchers += 1;
      try {
        let last: OperatorTrip | undefined = afterVersion < trip.version ? undefined : trip;
        if (afterVersion > 0n && last === undefined) {
          const version = afterVersion;
          for (const change of await registry.changesSince([{ tripId: trip.tripId, version }])) {
            yield change;
            last = change;
          }
        }
        // The changes of a finished trip are removed after their retention.
        if (last === undefined || last.version < trip.version) {
          yield trip;
          last = trip;
        }
        while (!isFinal(last)) {
          for (const change of await waitForChanges(last, signal)) {
            yield change;
            last = change;
          }
        }
      } finally {
        watchers -= 1;
      }
    },
  };
}

function createTooManyWatchersError(): ConnectError {
  return new ConnectError(
    "too many trips are being watched on this server: watch again in a moment, or call GetTrip",
    Code.ResourceExhausted,
  );
}
