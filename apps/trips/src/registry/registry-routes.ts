import { durationFromMs, type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Broadcast, Broadcast_State } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripRefund_State } from "@fanfare/contracts/trips/v1/trip_refund";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import type { Routes } from "@fanfare/service";
import { toRefund } from "../refunds/refund-message.ts";
import type { RefundRecord, TripRefunds } from "../refunds/trip-refunds.ts";
import { endGrace, getRemainingGraceMs, stopTrip } from "./grace.ts";
import { createTripNotFoundError } from "./registry-errors.ts";
import { limitDrive } from "./stop-requests.ts";
import {
  accept,
  activate,
  type BroadcastRecord,
  cancel,
  compensate,
  completeDrive,
  park,
  recordBroadcast,
  recordDelay,
  resume,
  settle,
  type Transition,
} from "./transitions.ts";
import { toOperatorTrip } from "./trip-message.ts";
import { isCompensating } from "./trip-phase.ts";
import { toTripRecord } from "./trip-record.ts";
import type { TripRegistry } from "./trip-registry.ts";

/** The dependencies of `createRegistryRoutes`. */
export interface RegistryRoutesDeps {
  readonly registry: TripRegistry;
  readonly refunds: Pick<TripRefunds, "record">;
}

/**
 * Creates the routes of TripRegistryService, with which the saga records the state of a trip. It calls them
 * from apps/worker/src/activities/trips.ts.
 */
export function createRegistryRoutes({ registry, refunds }: RegistryRoutesDeps): Routes {
  async function record({ tripId }: { tripId: string }, transition: Transition) {
    return { trip: toOperatorTrip(await registry.record(tripId, transition)) };
  }
  return (router) => {
    router.service(TripRegistryService, {
      async getTripRecord({ tripId }) {
        const trip = await registry.find(tripId);
        if (trip === undefined) throw createTripNotFoundError(tripId);
        return toTripRecord(trip);
      },
      acceptTrip: (request) => record(request, accept()),
      activateTrip: (request) => record(request, activate()),
      async endGrace({ tripId }) {
        let remainingMs = 0;
        const row = await registry.record(tripId, (trip, now) => {
          remainingMs = getRemainingGraceMs(trip, now);
          return endGrace()(trip, now);
        });
        const isCancelled = row.stop_kind === "CANCEL" || isCompensating(row);
        const requested = row.stop_kind === "CANCEL" ? row.stop_reason : null;
        const cancelReason = requested ?? row.compensation_reason ?? row.reason ?? "";
        const isDecided = row.grace_ended_at !== null || isCancelled;
        return {
          trip: toOperatorTrip(row),
          ...(isCancelled ? { cancelReason } : {}),
          ...(isDecided ? {} : { remaining: durationFromMs(remainingMs) }),
        };
      },
      stopTrip: (request) => record(request, stopTrip(request.reason)),
      limitDrive: (request) => record(request, limitDrive(toDate("ended_at", request.endedAt))),
      completeDrive: (request) =>
        record(request, completeDrive(toDate("ended_at", request.endedAt))),
      settleTrip: (request) => record(request, settle(requireField("settled", request.settled))),
      compensateTrip: (request) => record(request, compensate(request)),
      cancelTripRecord: (request) =>
        record(request, cancel(request.reason, request.refusal, request.resolvedSteps)),
      parkTrip: (request) => record(request, park(request)),
      resumeTrip: (request) => record(request, resume(request)),
      async recordRefund({ tripId, refundId, state, refusal }) {
        const became = { state: toRefundState(state), refusal };
        const { trip, refund } = await refunds.record(tripId, refundId, became);
        return { trip: toOperatorTrip(trip), refund: toRefund(refund) };
      },
      recordDelay: (request) => record(request, recordDelay(request)),
      async recordVehicleReleased({ tripId }) {
        await registry.recordVehicleReleased(tripId);
        return {};
      },
      recordBroadcast: (request) =>
        record(request, recordBroadcast(readBroadcast(request.broadcast))),
    });
  };
}

function readBroadcast(broadcast: Broadcast | undefined): BroadcastRecord {
  const { state, error, publishedAt } = requireField("broadcast", broadcast);
  if (state === Broadcast_State.PUBLISHED) {
    return { state: "PUBLISHED", publishedAt: toDate("broadcast.published_at", publishedAt) };
  }
  if (state === Broadcast_State.DELAYED) return { state: "DELAYED", error };
  throw createMissingFieldError("broadcast.state");
}

function toDate(field: string, timestamp: Timestamp | undefined): Date {
  return timestampDate(requireField(field, timestamp));
}

function requireField<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw createMissingFieldError(field);
  return value;
}

function createMissingFieldError(field: string): ConnectError {
  return new ConnectError(`${field} is missing: send it`, Code.InvalidArgument);
}

function toRefundState(state: TripRefund_State): RefundRecord["state"] {
  if (state === TripRefund_State.REFUSED) return "REFUSED";
  return state === TripRefund_State.PUBLISHED ? "PUBLISHED" : "REFUNDED";
}
