import { createClient, type Transport } from "@connectrpc/connect";
import { Broadcast_State, TripRegistryService } from "@fanfare/contracts/trips/v1/trips";
import type { BroadcastState, RegistryActivities, RegistryCall } from "../activity-types.ts";
import { callService } from "./call-service.ts";
import { amountOf, isoOf, moneyOf, timestampOf } from "./plain.ts";

/** createRegistryActivities makes the activities that record a trip in the registry. */
export function createRegistryActivities({
  transport,
}: {
  transport: Transport;
}): RegistryActivities {
  const registry = createClient(TripRegistryService, transport);
  return {
    async acceptTrip(call) {
      await callService(call.step, (options) => registry.acceptTrip(changeOf(call), options));
    },
    async activateTrip(call) {
      const request = { ...changeOf(call), startedAt: timestampOf(call.startedAt) };
      const { trip } = await callService(call.step, (options) =>
        registry.activateTrip(request, options),
      );
      return { startedAt: isoOf(trip?.startedAt, "beginning of the drive") };
    },
    async completeDrive(call) {
      const request = { ...changeOf(call), endedAt: timestampOf(call.endedAt) };
      const { trip } = await callService(call.step, (options) =>
        registry.completeDrive(request, options),
      );
      return {
        endedAt: isoOf(trip?.endedAt, "end of the drive"),
        fare: amountOf(trip?.fare, "fare"),
      };
    },
    async settleTrip(call) {
      const request = { ...changeOf(call), settled: moneyOf(call.settled) };
      await callService(call.step, (options) => registry.settleTrip(request, options));
    },
    async compensateTrip(call) {
      const request = { ...changeOf(call), reason: sentence(call.reason) };
      await callService(call.step, (options) => registry.compensateTrip(request, options));
    },
    async cancelTripRecord(call) {
      const { code, message } = call.refusal ?? {};
      const request = {
        ...changeOf(call),
        reason: sentence(call.reason),
        ...(code === undefined ? {} : { refusal: { code, message: message ?? "" } }),
      };
      await callService(call.step, (options) => registry.cancelTripRecord(request, options));
    },
    async parkTrip(call) {
      const request = {
        ...changeOf(call),
        step: call.parkedStep,
        reason: sentence(call.reason),
      };
      await callService(call.step, (options) => registry.parkTrip(request, options));
    },
    async resumeTrip(call) {
      await callService(call.step, (options) => registry.resumeTrip(changeOf(call), options));
    },
    async recordDelay(call) {
      const request = { ...changeOf(call), step: call.delayedStep };
      await callService(call.step, (options) => registry.recordDelay(request, options));
    },
    async recordBroadcast(call) {
      const request = { ...changeOf(call), broadcast: broadcastOf(call.broadcast) };
      await callService(call.step, (options) => registry.recordBroadcast(request, options));
    },
  };
}

function changeOf({ tripId, version }: RegistryCall) {
  return { tripId, version: BigInt(version) };
}

function broadcastOf(broadcast: BroadcastState) {
  if (broadcast.state === "delayed") {
    return { state: Broadcast_State.DELAYED, error: sentence(broadcast.error) };
  }
  return {
    state: Broadcast_State.PUBLISHED,
    publishedAt: timestampOf(broadcast.publishedAt),
  };
}

/** sentence cuts to what the registry takes: a trip must not get stuck on a long reason. */
function sentence(text: string): string {
  return text.slice(0, 1_000);
}
