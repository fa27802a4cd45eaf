import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Trip } from "@fanfare/contracts/trips/v1/trips";
import type { Registry, SeenTrip } from "../registry/store.ts";
import { isOver } from "../registry/trip-message.ts";

/** ChangeFeed follows trips for all who watch one. */
export interface ChangeFeed {
  /**
   * watch yields the trip as given, then as it was after each of its changes, until it is over.
   * It throws resource_exhausted when too many are watching, and the signal's reason.
   */
  watch(trip: Trip, signal: AbortSignal): AsyncGenerator<Trip>;
}

/** ChangeFeedOptions bound how often the registry is asked, and for how many. */
export interface ChangeFeedOptions {
  readonly registry: Pick<Registry, "changesSince">;
  readonly intervalMs: number;
  readonly maxWatchers: number;
  readonly onError: (error: unknown) => void;
}

interface Waiting extends SeenTrip {
  resolve(changes: Trip[]): void;
}

const longestPauseMs = 5_000;

/**
 * createChangeFeed asks the registry for all watchers in one query, once an interval and only while
 * somebody waits. Unlike a notification of PostgreSQL it needs no connection of its own, misses
 * nothing when one is lost, and costs the writers nothing.
 */
export function createChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  const { registry, intervalMs, maxWatchers, onError } = options;
  const waiting = new Set<Waiting>();
  let watchers = 0;
  let polling = false;

  async function poll(): Promise<void> {
    polling = true;
    let pauseMs = intervalMs;
    while (waiting.size > 0) {
      try {
        deliver(await registry.changesSince([...waiting]));
        pauseMs = intervalMs;
      } catch (error) {
        onError(error);
        pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      }
      await sleep(pauseMs);
    }
    polling = false;
  }

  function deliver(changes: readonly Trip[]): void {
    const byTrip = Map.groupBy(changes, (change) => change.tripId);
    for (const waiter of waiting) {
      const news = byTrip.get(waiter.tripId)?.filter((trip) => trip.version > waiter.version);
      if (news !== undefined && news.length > 0) waiter.resolve(news);
    }
  }

  async function changesOf(trip: Trip, signal: AbortSignal): Promise<Trip[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Trip[]>();
    const waiter = { tripId: trip.tripId, version: trip.version, resolve };
    const leave = () => reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener("abort", leave, { once: true });
    waiting.add(waiter);
    if (!polling) void poll();
    try {
      return await promise;
    } finally {
      waiting.delete(waiter);
      signal.removeEventListener("abort", leave);
    }
  }

  return {
    async *watch(trip, signal) {
      if (watchers >= maxWatchers) throw tooMany();
      watchers += 1;
      try {
        let last = trip;
        yield last;
        while (!isOver(last)) {
          for (const change of await changesOf(last, signal)) {
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

function tooMany(): ConnectError {
  return new ConnectError(
    "too many trips are being watched here: watch again in a moment, or ask with GetTrip",
    Code.ResourceExhausted,
  );
}
