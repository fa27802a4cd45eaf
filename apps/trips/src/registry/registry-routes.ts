import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Broadcast,
  Broadcast_State,
  TripRegistryService,
} from "@fanfare/contracts/trips/v1/trips";
import type { Routes } from "@fanfare/service";
import type { Registry } from "./store.ts";
import {
  accept,
  activate,
  type BroadcastState,
  broadcast,
  type Change,
  cancel,
  compensate,
  completeDrive,
  delay,
  park,
  resume,
  settle,
} from "./transitions.ts";
import { tripOf } from "./trip-message.ts";

/** createRegistryRoutes is what the saga calls to record how a trip goes. */
export function createRegistryRoutes(registry: Registry): Routes {
  async function record({ tripId }: { tripId: string }, change: Change) {
    return { trip: tripOf(await registry.record(tripId, change)) };
  }
  return (router) => {
    router.service(TripRegistryService, {
      acceptTrip: (request) => record(request, accept()),
      activateTrip: (request) => record(request, activate(dateOf("started_at", request.startedAt))),
      completeDrive: (request) =>
        record(request, completeDrive(dateOf("ended_at", request.endedAt))),
      settleTrip: (request) => record(request, settle(given("settled", request.settled))),
      compensateTrip: (request) => record(request, compensate(request)),
      cancelTripRecord: (request) => record(request, cancel(request.reason, request.refusal)),
      parkTrip: (request) => record(request, park(request)),
      resumeTrip: (request) => record(request, resume(request)),
      recordDelay: (request) => record(request, delay(request)),
      recordBroadcast: (request) =>
        record(request, broadcast(broadcastOf(given("broadcast", request.broadcast)))),
    });
  };
}

function broadcastOf({ state, error, publishedAt }: Broadcast): BroadcastState {
  if (state === Broadcast_State.PUBLISHED) {
    return { state: "PUBLISHED", publishedAt: dateOf("broadcast.published_at", publishedAt) };
  }
  if (state === Broadcast_State.DELAYED) return { state: "DELAYED", error };
  throw missing("broadcast.state");
}

function dateOf(field: string, timestamp: Timestamp | undefined): Date {
  return timestampDate(given(field, timestamp));
}

function given<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw missing(field);
  return value;
}

function missing(field: string): ConnectError {
  return new ConnectError(`${field} is missing: send it`, Code.InvalidArgument);
}
