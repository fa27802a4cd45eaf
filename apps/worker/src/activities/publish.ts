import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { BusError, createPublisher, type EventBus } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { countIncrements } from "@fanfare/trip-contract";
import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import {
  type CompletedTrip,
  type PublishActivities,
  persistentFailureType,
} from "../trip-activities.ts";
import { toMoney, toTimestamp } from "./plain-json.ts";

/** The timeout of one attempt, in milliseconds. */
const publishTimeoutMs = 2_000;

/**
 * Creates the activity that publishes the event of a settled trip. All its failures are retryable: those
 * that the bus calls retryable within seconds, the others every minute.
 */
export function createPublishActivities(deps: {
  bus: Pick<EventBus, "publish">;
}): PublishActivities {
  const events = createPublisher(TripEvents, deps.bus);
  return {
    async publishTripCompleted(trip) {
      const { tripId, riderId, vehicleId, tariffId, unlockFee, fare, settled } = trip;
      const minorUnits = settled.minorUnits - unlockFee.minorUnits - fare.minorUnits;
      const event = {
        tripId,
        riderId,
        vehicleId,
        tariffId,
        startedAt: toTimestamp(trip.startedAt),
        endedAt: toTimestamp(trip.endedAt),
        unlockFee: toMoney(unlockFee),
        fare: toMoney(fare),
        settled: toMoney(settled),
        adjustment: toMoney({ ...settled, minorUnits }),
        ...describeFare(trip),
      };
      const id = `trip/${tripId}/completed`;
      const time = new Date(trip.endedAt);
      await publishEvent((options) => events.tripCompleted(event, { ...options, id, time }));
    },
  };
}

/** Returns what the fare consists of. A fare of another tariff consists of nothing that is known. */
function describeFare({ startedAt, endedAt, fare, tariff }: CompletedTrip) {
  if (tariff === undefined) return {};
  const { incrementMs, incrementPrice, currency } = tariff;
  const count = countIncrements(tariff, Date.parse(endedAt) - Date.parse(startedAt));
  if (count * incrementPrice !== fare.minorUnits || currency !== fare.currency) return {};
  return {
    chargedIncrements: {
      count: BigInt(count),
      increment: durationFromMs(incrementMs),
      price: toMoney({ minorUnits: incrementPrice, currency }),
    },
  };
}

/** Publishes an event from an activity, with a timeout of 2 s and the cancellation of the activity. */
export async function publishEvent(
  publish: (options: { timeoutMs: number; signal: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  const signal = Context.current().cancellationSignal;
  try {
    await publish({ timeoutMs: publishTimeoutMs, signal });
  } catch (reason) {
    signal.throwIfAborted();
    throw createFailure(BusError.from(reason));
  }
}

function createFailure({ code, message, retryable }: BusError): ApplicationFailure {
  return ApplicationFailure.create({
    message: `${code}: ${message}`,
    ...(retryable ? { type: code } : { type: persistentFailureType, nextRetryDelay: "1 minute" }),
  });
}
