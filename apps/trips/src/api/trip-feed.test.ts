import { Code, ConnectError } from "@connectrpc/connect";
import type { Trip } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { aTrip, trips } from "../../test/a-trip.ts";
import type { SeenTrip } from "../registry/store.ts";
import type { TripRow } from "../registry/tables.ts";
import { tripOf } from "../registry/trip-message.ts";
import { createChangeFeed } from "./trip-feed.ts";

/** feedOf is a feed over these changes, which are there once `hold` watchers ask for them. */
function feedOf(changes: Trip[], { maxWatchers = 2, hold = 1 } = {}) {
  const asked: number[] = [];
  const errors: unknown[] = [];
  const away: { cause?: Error } = {};
  const feed = createChangeFeed({
    registry: {
      async changesSince(seen: readonly SeenTrip[]) {
        asked.push(seen.length);
        if (away.cause !== undefined) throw away.cause;
        if (seen.length < hold) return [];
        return changes.filter((one) =>
          seen.some(({ tripId, version }) => tripId === one.tripId && one.version > version),
        );
      },
    },
    intervalMs: 1,
    maxWatchers,
    onError(error) {
      errors.push(error);
      delete away.cause;
    },
  });
  return { feed, asked, errors, away };
}

function changed(version: bigint, row: TripRow): Trip {
  return tripOf(aTrip({ ...row, version: version.toString() }));
}

const never = new AbortController().signal;

async function versions(watching: AsyncIterable<Trip>): Promise<bigint[]> {
  const seen: bigint[] = [];
  for await (const trip of watching) seen.push(trip.version);
  return seen;
}

describe("watch()", () => {
  it("yields the trip as given, then every change, until the trip is over", async () => {
    const { feed } = feedOf([changed(2n, trips.pending), changed(3n, trips.cancelled)]);
    expect(await versions(feed.watch(tripOf(trips.requested), never))).toEqual([1n, 2n, 3n]);
  });

  it("asks nothing for a trip that is over", async () => {
    const { feed, asked } = feedOf([]);
    expect(await versions(feed.watch(changed(4n, trips.cancelled), never))).toEqual([4n]);
    expect(asked).toEqual([]);
  });

  it("asks once for all who wait, whatever each has seen", async () => {
    const changes = [changed(3n, trips.active), changed(4n, trips.cancelled)];
    const { feed, asked } = feedOf(changes, { hold: 2 });
    const seen = await Promise.all([
      versions(feed.watch(tripOf(trips.requested), never)),
      versions(feed.watch(changed(3n, trips.active), never)),
    ]);
    expect(seen).toEqual([
      [1n, 3n, 4n],
      [3n, 4n],
    ]);
    expect(asked.at(-1)).toBe(2);
  });

  it("goes on when the registry is back", async () => {
    const { feed, errors, away } = feedOf([changed(4n, trips.cancelled)]);
    away.cause = new Error("the database is away");
    expect(await versions(feed.watch(tripOf(trips.requested), never))).toEqual([1n, 4n]);
    expect(errors).toHaveLength(1);
  });

  it("ends when its signal aborts, with the reason, and leaves its place to another", async () => {
    const { feed } = feedOf([], { maxWatchers: 1 });
    const leaving = new AbortController();
    const watching = feed.watch(tripOf(trips.requested), leaving.signal);
    await watching.next();
    const waiting = watching.next();
    leaving.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    expect((await feed.watch(changed(4n, trips.cancelled), never).next()).value.version).toBe(4n);
  });

  it("refuses more watchers than it may have", async () => {
    const { feed } = feedOf([], { maxWatchers: 1 });
    const first = feed.watch(tripOf(trips.requested), never);
    await first.next();
    const refusal = await feed
      .watch(tripOf(trips.requested), never)
      .next()
      .then(
        () => undefined,
        (error: unknown) => ConnectError.from(error).code,
      );
    expect(refusal).toBe(Code.ResourceExhausted);
    await first.return(undefined);
  });
});
