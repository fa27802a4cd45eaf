import { BusError, createPublisher, type EventBus } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import { lastingFailure, type PublishActivities } from "../activity-types.ts";
import { moneyOf, timestampOf } from "./plain.ts";

/** How long one attempt waits for the broker, in milliseconds. */
const publishTimeoutMs = 2_000;

/**
 * createPublishActivities makes the activity that tells the world of a settled trip. No error of it
 * is for good: what may pass is tried again within seconds, what does not pass by itself every minute.
 */
export function createPublishActivities(deps: {
  bus: Pick<EventBus, "publish">;
}): PublishActivities {
  const events = createPublisher(TripEvents, deps.bus);
  return {
    async publishTripCompleted(trip) {
      const signal = Context.current().cancellationSignal;
      const { tripId, riderId, vehicleId } = trip;
      try {
        await events.tripCompleted(
          {
            tripId,
            riderId,
            vehicleId,
            startedAt: timestampOf(trip.startedAt),
            endedAt: timestampOf(trip.endedAt),
            unlockFee: moneyOf(trip.unlockFee),
            fare: moneyOf(trip.fare),
            settled: moneyOf(trip.settled),
          },
          {
            id: `trip/${tripId}/completed`,
            time: new Date(trip.endedAt),
            timeoutMs: publishTimeoutMs,
            signal,
          },
        );
      } catch (reason) {
        signal.throwIfAborted();
        throw failureFrom(BusError.from(reason));
      }
    },
  };
}

function failureFrom({ code, message, retryable }: BusError): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${code}: ${message}`,
    ...(retryable ? { type: code } : { type: lastingFailure, nextRetryDelay: "1 minute" }),
  });
}
