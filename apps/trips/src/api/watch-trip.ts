import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import type { Caller } from "@fanfare/service";
import { toOperatorTrip } from "../registry/trip-message.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import { getVisibleTrip } from "./get-visible-trip.ts";
import { addHeartbeats, heartbeat } from "./heartbeats.ts";
import type { TripFeed } from "./trip-feed.ts";

/** The dependencies of `watchTrip`. */
export interface WatchTripDeps {
  readonly registry: TripRegistry;
  readonly feed: TripFeed;
  /** The time in milliseconds after which a watch sends a heartbeat when nothing changes. */
  readonly heartbeatMs: number;
}

/** A watch of one trip. */
export interface Watch {
  readonly tripId: string;
  /** The version of the last trip that an earlier watch sent; 0 for the first watch. */
  readonly afterVersion: bigint;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** What a watch sends: a trip, or a heartbeat. */
export type Watched =
  | { readonly trip: OperatorTrip }
  | { readonly heartbeat: { readonly interval: Duration } };

/** Yields the trip, then the trip after each of its changes, and heartbeats in between. */
export async function* watchTrip(
  { tripId, afterVersion, caller, signal }: Watch,
  { registry, feed, heartbeatMs }: WatchTripDeps,
): AsyncGenerator<Watched> {
  const trip = toOperatorTrip(await getVisibleTrip(registry, caller, tripId));
  const watch = (left: AbortSignal) => feed.watch(trip, left, afterVersion);
  for await (const change of addHeartbeats(watch, { intervalMs: heartbeatMs, signal })) {
    yield change === heartbeat
      ? { heartbeat: { interval: durationFromMs(heartbeatMs) } }
      : { trip: change };
  }
}
