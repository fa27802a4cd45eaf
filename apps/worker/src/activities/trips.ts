import { durationMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { Broadcast_State, type OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import type {
  BroadcastState,
  Cancellation,
  RegistryActivities,
  RegistryChange,
  Resolved,
} from "../trip-activities.ts";
import { callRegistry } from "./call-registry.ts";
import { fromMoney, fromTimestamp, toMoney, toTimestamp } from "./plain-json.ts";
import { toRecord } from "./trip-record.ts";

/** Creates the activities that change a trip in the registry. */
export function createRegistryActivities({
  transport,
}: {
  transport: Transport;
}): RegistryActivities {
  const registry = createClient(TripRegistryService, transport);
  return {
    async readTripRecord({ step, tripId }) {
      return toRecord(
        await callRegistry(step, (options) => registry.getTripRecord({ tripId }, options)),
      );
    },
    async acceptTrip(call) {
      await callRegistry(call.step, (options) => registry.acceptTrip(toRequest(call), options));
    },
    async activateTrip(call) {
      const { trip } = await callRegistry(call.step, (options) =>
        registry.activateTrip(toRequest(call), options),
      );
      return { startedAt: fromTimestamp(trip?.startedAt, "start of the drive") };
    },
    async endGrace(call) {
      const { trip, remaining, cancelReason } = await callRegistry(call.step, (options) =>
        registry.endGrace(toRequest(call), options),
      );
      const isCancelled = trip?.cancelRequestedAt !== undefined || cancelReason !== "";
      if (isCancelled) return { kind: "cancelled", reason: cancelReason };
      return remaining ? { kind: "left", remainingMs: durationMs(remaining) } : { kind: "over" };
    },
    async stopTrip(call) {
      const request = { ...toRequest(call), reason: truncate(call.reason) };
      const { trip } = await callRegistry(call.step, (options) =>
        registry.stopTrip(request, options),
      );
      const ended = trip?.endRequestedAt !== undefined || trip?.endedAt !== undefined;
      return { cancelled: !ended, ...toEndRequest(trip) };
    },
    async limitDrive(call) {
      const request = { ...toRequest(call), endedAt: toTimestamp(call.endedAt) };
      const { trip } = await callRegistry(call.step, (options) =>
        registry.limitDrive(request, options),
      );
      return toEndRequest(trip);
    },
    async completeDrive(call) {
      const request = { ...toRequest(call), endedAt: toTimestamp(call.endedAt) };
      const { trip } = await callRegistry(call.step, (options) =>
        registry.completeDrive(request, options),
      );
      return {
        endedAt: fromTimestamp(trip?.endedAt, "end of the drive"),
        fare: fromMoney(trip?.fare, "fare"),
      };
    },
    async settleTrip(call) {
      const request = { ...toRequest(call), settled: toMoney(call.settled) };
      await callRegistry(call.step, (options) => registry.settleTrip(request, options));
    },
    async compensateTrip(call) {
      const { unlessDriving = false } = call;
      const request = {
        ...toRequest(call),
        ...toCancellation(call),
        ...toResolved(call),
        unlessDriving,
      };
      await callRegistry(call.step, (options) => registry.compensateTrip(request, options));
    },
    async cancelTripRecord(call) {
      const request = { ...toRequest(call), ...toCancellation(call), ...toResolved(call) };
      await callRegistry(call.step, (options) => registry.cancelTripRecord(request, options));
    },
    async parkTrip(call) {
      const request = {
        ...toRequest(call),
        ...toResolved(call),
        step: call.parkedStep,
        reason: truncate(call.reason),
      };
      await callRegistry(call.step, (options) => registry.parkTrip(request, options));
    },
    async resumeTrip(call) {
      const request = { ...toRequest(call), ...toResolved(call) };
      await callRegistry(call.step, (options) => registry.resumeTrip(request, options));
    },
    async recordDelay(call) {
      const request = { ...toRequest(call), step: call.delayedStep };
      await callRegistry(call.step, (options) => registry.recordDelay(request, options));
    },
    async recordBroadcast(call) {
      const request = { ...toRequest(call), broadcast: toBroadcast(call.broadcast) };
      await callRegistry(call.step, (options) => registry.recordBroadcast(request, options));
    },
  };
}

function toEndRequest(trip: OperatorTrip | undefined): { endRequestedAt?: string } {
  const at = trip?.endRequestedAt ?? trip?.endedAt;
  return at === undefined ? {} : { endRequestedAt: fromTimestamp(at, "request to end") };
}

function toRequest({ tripId, version }: RegistryChange) {
  return { tripId, version: BigInt(version) };
}

function toCancellation({ reason, refusal }: Cancellation) {
  return { reason: truncate(reason), ...(refusal === undefined ? {} : { refusal }) };
}

function toResolved({ resolvedSteps }: Resolved) {
  return { resolvedSteps: [...resolvedSteps] };
}

function toBroadcast(broadcast: BroadcastState) {
  if (broadcast.state === "delayed") {
    return { state: Broadcast_State.DELAYED, error: truncate(broadcast.error) };
  }
  return {
    state: Broadcast_State.PUBLISHED,
    publishedAt: toTimestamp(broadcast.publishedAt),
  };
}

/** Changes a reason to a text that the registry accepts, so that no reason can park a trip. */
function truncate(text: string): string {
  return text.replaceAll("\0", "").slice(0, 1_000).toWellFormed();
}
