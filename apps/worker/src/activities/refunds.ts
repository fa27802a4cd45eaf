import { createClient, type Transport } from "@connectrpc/connect";
import { createPublisher, type EventBus } from "@fanfare/bus";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { RefundEvents } from "@fanfare/contracts/trips/v1/refund_events";
import { TripRefund_State } from "@fanfare/contracts/trips/v1/trip_refund";
import {
  type RecordRefundResponse,
  TripRegistryService,
} from "@fanfare/contracts/trips/v1/trip_registry";
import { createRefundWorkflowId, type RefundInput } from "@fanfare/trip-contract";
import { ApplicationFailure } from "@temporalio/common";
import type { RefundActivities } from "../refund-activities.ts";
import { callService } from "./call-service.ts";
import { fromMoney, fromTimestamp, toMoney, toTimestamp } from "./plain-json.ts";
import { publishEvent } from "./publish.ts";

/** The codes with which billing refuses a refund. None of them follows a refund that was made. */
const refusals: ReadonlySet<string> = new Set([
  "already_exists",
  "failed_precondition",
  "invalid_argument",
  "out_of_range",
]);

/** Creates the activities of refunds. */
export function createRefundActivities(deps: {
  readonly billing: Transport;
  readonly trips: Transport;
  readonly bus: Pick<EventBus, "publish">;
}): RefundActivities {
  const billing = createClient(BillingService, deps.billing);
  const registry = createClient(TripRegistryService, deps.trips);
  const events = createPublisher(RefundEvents, deps.bus);

  async function record(
    { tripId, refundId }: RefundInput,
    state: TripRefund_State,
    refusal = "",
  ): Promise<RecordRefundResponse> {
    const request = { tripId, refundId, state, refusal: refusal.slice(0, 1_000).toWellFormed() };
    return await retryAll(() =>
      callService("record-refund", (options) => registry.recordRefund(request, options)),
    );
  }

  return {
    async refundCapture({ step, tripId, amount }) {
      const request = { tripId, amount: toMoney(amount) };
      try {
        await callService(step, (options) => billing.refundCapture(request, options));
        return {};
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || !refusals.has(error.type ?? "")) {
          throw toRetryable(error);
        }
        return { refusal: error.message };
      }
    },

    async recordRefunded(refund) {
      const { trip, refund: recorded } = await record(refund, TripRefund_State.REFUNDED);
      const { tripId, refundId } = refund;
      return {
        tripId,
        refundId,
        riderId: trip?.riderId ?? "",
        vehicleId: trip?.vehicleId ?? "",
        refunded: fromMoney(recorded?.amount, "amount of the refund"),
        totalRefunded: fromMoney(recorded?.totalRefunded, "sum of the refunds"),
        settled: fromMoney(trip?.settled, "settled amount"),
        refundedAt: fromTimestamp(recorded?.refundedAt, "time of the refund"),
      };
    },

    async recordRefusedRefund(refund) {
      await record(refund, TripRefund_State.REFUSED, refund.refusal);
    },

    async recordPublishedRefund(refund) {
      await record(refund, TripRefund_State.PUBLISHED);
    },

    async publishTripRefunded(trip) {
      const { tripId, riderId, vehicleId, refundId } = trip;
      const event = {
        tripId,
        riderId,
        vehicleId,
        refundId,
        refunded: toMoney(trip.refunded),
        totalRefunded: toMoney(trip.totalRefunded),
        settled: toMoney(trip.settled),
        refundedAt: toTimestamp(trip.refundedAt),
      };
      const id = createRefundWorkflowId(tripId, refundId);
      const time = new Date(trip.refundedAt);
      await publishEvent((options) => events.tripRefunded(event, { ...options, id, time }));
    },
  };
}

async function retryAll<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toRetryable(error);
  }
}

/** A refund that was decided is made: what refuses it, such as a wrong role, is to be put right. */
function toRetryable(error: unknown): unknown {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) return error;
  return ApplicationFailure.create({
    message: error.message,
    ...(error.type == null ? {} : { type: error.type }),
    nextRetryDelay: "1 minute",
  });
}
