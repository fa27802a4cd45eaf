import { create } from "@bufbuild/protobuf";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import {
  CancellationCause,
  type Trip,
  TripSchema,
  TripStatus,
} from "@fanfare/contracts/trips/v1/trips";

const fault = "a fault on our side ended the trip: start another one, or ask an operator";

const sentences: Readonly<Record<CancellationCause, string>> = {
  [CancellationCause.UNSPECIFIED]: fault,
  [CancellationCause.RIDER]: "you cancelled the trip",
  [CancellationCause.OPERATOR]: "an operator cancelled the trip",
  [CancellationCause.VEHICLE_UNAVAILABLE]: "the vehicle is not available: choose another one",
  [CancellationCause.VEHICLE_UNKNOWN]: "there is no such vehicle: choose another one",
  [CancellationCause.PAYMENT_DECLINED]:
    "the payment method was declined or is not yours: use another one",
  [CancellationCause.PAYMENT_METHOD_INVALID]: "the payment method is unknown: use another one",
  [CancellationCause.FAULT]: fault,
};

/** Returns the sentence for the rider of a trip that is or was compensated. */
export function explainToRider(cause: CancellationCause): string {
  // A process of a newer version may have stored a cause that this one does not have.
  return sentences[cause] ?? fault;
}

/**
 * Returns the trip as its rider sees it. It names each field that a rider sees, so that a new field of operators
 * stays theirs, and no text that a service, a step or an operator wrote is among them.
 */
export function toRiderTrip(trip: OperatorTrip): Trip {
  return create(TripSchema, {
    tripId: trip.tripId,
    riderId: trip.riderId,
    vehicleId: trip.vehicleId,
    paymentMethod: trip.paymentMethod,
    status: trip.status,
    version: trip.version,
    requestedAt: trip.requestedAt,
    startedAt: trip.startedAt,
    endedAt: trip.endedAt,
    endRequestedAt: trip.endRequestedAt,
    cancelRequestedAt: trip.cancelRequestedAt,
    tariff: trip.tariff,
    fare: trip.fare,
    settled: trip.settled,
    refunded: trip.refunded,
    cancellationCause: trip.cancellationCause,
    reason: explainTrip(trip),
  });
}

function explainTrip({ status, cancellationCause: cause }: OperatorTrip): string {
  if (status === TripStatus.NEEDS_ATTENTION) {
    const why = cause === CancellationCause.UNSPECIFIED ? "" : `${explainToRider(cause)}; `;
    return `${why}an operator attends to the trip`;
  }
  const isCompensated = status === TripStatus.COMPENSATING || status === TripStatus.CANCELLED;
  return isCompensated ? explainToRider(cause) : "";
}

/** Returns whether the trip is over for its rider: CANCELLED or SETTLED. */
export function isOverForRider({ status }: OperatorTrip): boolean {
  return status === TripStatus.CANCELLED || status === TripStatus.SETTLED;
}
