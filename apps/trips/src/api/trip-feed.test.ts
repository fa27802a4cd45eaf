import { Code, ConnectError } from "@connectrpc/connect";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import { describe, expect, it, vi } from "vitest";
import { createTripRow, tripRows } from "../../test/trip-rows.ts";
import type { TripRow } from "../registry/tables.ts";
import { toOperatorTrip } from "../registry/trip-message.ts";
import type { TripVersion } from "../registry/trip-registry.ts";
import { createTripFeed } from "./trip-feed.ts";

interface TestFeedOptions {
  readonly maxWatchers?: number;
  readonly minWatchers?: number;
  /** Called by the listener of the feed, after it has ended the outage. */
  readonly listener?: () => void;
}

/** Creates a feed of `changes`, which the registry returns once `minWatchers` are polled for. */
function createTestFeed(changes: OperatorTrip[], options: TestFeedOptions = {}) {
  const { maxWatchers = 2, minWatchers = 1, listener } = options;
  const polls: number[] = [];
  const errors: unknown[] = [];
  const outage: { cause?: Error } = {};
  const feed = createTripFeed({
    registry: {
      async changesSince(seen: readonly TripVersion[]) {
        polls.push(seen.length);
        if (outage.cause !== undefined) throw outage.cause;
        if (seen.length < minWatchers) return [];
        return changes.filter((one) =>
          seen.some(({ tripId, version }) => tripId === one.tripId && one.version > version),
        );
      },
    },
    pollIntervalMs: 1,
    maxWatchers,
    onError(error) {
      errors.push(error);
      delete outage.cause;
      listener?.();
    },
  });
  return { feed, polls, errors, outage };
}

function createChange(version: bigint, row: TripRow): OperatorTrip {
  return toOperatorTrip(createTripRow({ ...row, version: version.toString() }));
}

const never = new AbortController().signal;

async function readVersions(watching: AsyncIterable<OperatorTrip>): Promise<bigint[]> {
  const seen: bigint[] = [];
  for await (const trip of watching) seen.push(trip.version);
  return seen;
}

describe("watch()", () => {
  it("yields the given trip, then every change, until the trip is final", async () => {
    const { feed } = createTestFeed([
      createChange(2n, tripRows.pending),
      createChange(3n, tripRows.cancelled),
    ]);
    expect(await readVersions(feed.watch(toOperatorTrip(tripRows.requested), never))).toEqual([
      1n,
      2n,
      3n,
    ]);
  });

  it("yields every change after the version that an earlier watch ended with", async () => {
    const changes = [2n, 3n, 4n].map((version) => createChange(version, tripRows.active));
    const { feed } = createTestFeed([...changes, createChange(5n, tripRows.cancelled)]);
    const now = createChange(5n, tripRows.cancelled);
    expect(await readVersions(feed.watch(now, never, 2n))).toEqual([3n, 4n, 5n]);
    expect(await readVersions(feed.watch(now, never, 5n))).toEqual([]);
    const active = createChange(3n, tripRows.active);
    expect(await readVersions(feed.watch(active, never, 3n))).toEqual([4n, 5n]);
  });

  it("yields the trip to a watch that resumes after its changes were removed", async () => {
    const now = createChange(5n, tripRows.cancelled);
    const none = createTestFeed([]);
    expect(await readVersions(none.feed.watch(now, never, 2n))).toEqual([5n]);
    const some = createTestFeed([createChange(4n, tripRows.active)]);
    expect(await readVersions(some.feed.watch(now, never, 2n))).toEqual([4n, 5n]);
  });

  it("does not poll for a final trip", async () => {
    const { feed, polls } = createTestFeed([]);
    expect(await readVersions(feed.watch(createChange(4n, tripRows.cancelled), never))).toEqual([
      4n,
    ]);
    expect(polls).toEqual([]);
  });

  it("polls once for all watchers, whatever version each has", async () => {
    const changes = [createChange(3n, tripRows.active), createChange(4n, tripRows.cancelled)];
    const { feed, polls } = createTestFeed(changes, { minWatchers: 2 });
    const seen = await Promise.all([
      readVersions(feed.watch(toOperatorTrip(tripRows.requested), never)),
      readVersions(feed.watch(createChange(3n, tripRows.active), never)),
    ]);
    expect(seen).toEqual([
      [1n, 3n, 4n],
      [3n, 4n],
    ]);
    expect(polls.at(-1)).toBe(2);
  });

  it("continues when the registry is available again", async () => {
    const { feed, errors, outage } = createTestFeed([createChange(4n, tripRows.cancelled)]);
    outage.cause = new Error("the database is unavailable");
    expect(await readVersions(feed.watch(toOperatorTrip(tripRows.requested), never))).toEqual([
      1n,
      4n,
    ]);
    expect(errors).toHaveLength(1);
  });

  it("continues when its listener throws, and emits a warning", async () => {
    const emitWarning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const { feed, outage } = createTestFeed([createChange(4n, tripRows.cancelled)], {
      listener: () => {
        throw new Error("no disk");
      },
    });
    outage.cause = new Error("the database is unavailable");
    expect(await readVersions(feed.watch(toOperatorTrip(tripRows.requested), never))).toEqual([
      1n,
      4n,
    ]);
    expect(emitWarning.mock.calls).toEqual([["a listener failed: no disk"]]);
    emitWarning.mockRestore();
  });

  it("rejects with the reason when its signal aborts, and makes room for another watcher", async () => {
    const { feed } = createTestFeed([], { maxWatchers: 1 });
    const leaving = new AbortController();
    const watching = feed.watch(toOperatorTrip(tripRows.requested), leaving.signal);
    await watching.next();
    const waiting = watching.next();
    leaving.abort(new Error("not-running"));
    await expect(waiting).rejects.toThrow("not-running");
    expect(
      (await feed.watch(createChange(4n, tripRows.cancelled), never).next()).value.version,
    ).toBe(4n);
  });

  it("refuses more watchers than allowed", async () => {
    const { feed } = createTestFeed([], { maxWatchers: 1 });
    const first = feed.watch(toOperatorTrip(tripRows.requested), never);
    await first.next();
    const refusal = await feed
      .watch(toOperatorTrip(tripRows.requested), never)
      .next()
      .then(
        () => undefined,
        (error: unknown) => ConnectError.from(error).code,
      );
    expect(refusal).toBe(Code.ResourceExhausted);
    await first.return(undefined);
  });
});
