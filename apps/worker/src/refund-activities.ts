import type { Amount, RefundInput } from "@fanfare/trip-contract";

/**
 * The activities that the refund workflow calls. Arguments and results are plain JSON. Every failure is
 * retryable.
 */
export interface RefundActivities {
  /** Refunds the capture. Returns why billing refuses it for good; nothing of it happens then. */
  refundCapture(
    call: RefundInput & { readonly step: string },
  ): Promise<{ readonly refusal?: string }>;
  /** Records that the refund was made. Returns what TripRefunded contains. */
  recordRefunded(refund: RefundInput): Promise<RefundedTrip>;
  recordRefusedRefund(refund: RefundInput & { readonly refusal: string }): Promise<void>;
  recordPublishedRefund(refund: RefundInput): Promise<void>;
  /** Publishes TripRefunded and resolves once the broker has stored it. */
  publishTripRefunded(refund: RefundedTrip): Promise<void>;
}

/** The content of TripRefunded. */
export interface RefundedTrip {
  readonly tripId: string;
  readonly riderId: string;
  readonly vehicleId: string;
  readonly refundId: string;
  readonly refunded: Amount;
  readonly totalRefunded: Amount;
  readonly settled: Amount;
  readonly refundedAt: string;
}
