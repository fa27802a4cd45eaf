import { createClient, type Transport } from "@connectrpc/connect";
import { Account, BillingService } from "@fanfare/contracts/billing/v1/billing";
import { type Amount, steps } from "@fanfare/trip-contract";
import { ApplicationFailure } from "@temporalio/common";
import type { BillingActivities, TripCall } from "../trip-activities.ts";
import { callService } from "./call-service.ts";
import { fromMoney, toMoney } from "./plain-json.ts";

/** Creates the activities that call billing. */
export function createBillingActivities(deps: { transport: Transport }): BillingActivities {
  const billing = createClient(BillingService, deps.transport);
  async function captureTab({ step, tripId }: TripCall): Promise<Amount> {
    const { captured } = await callService(step, (options) =>
      billing.captureTab({ tripId }, options),
    );
    return fromMoney(captured, "captured amount");
  }
  return {
    async openTab({ step, tripId, riderId, paymentMethod, limit }) {
      const request = { tripId, riderId, paymentMethod, limit: toMoney(limit) };
      await callService(step, (options) => billing.openTab(request, options));
    },
    async voidTab({ step, tripId }) {
      await callService(step, (options) => billing.voidTab({ tripId }, options));
    },
    async charge({ step, tripId, description, amount }) {
      const account = step === steps.chargeUnlockFee ? Account.FEES : Account.FARES;
      const request = { tripId, description, amount: toMoney(amount), account };
      await callService(step, (options) => billing.charge(request, options));
    },
    async refund({ step, tripId }) {
      await callService(step, (options) => billing.refund({ tripId }, options));
    },
    captureTab,
    async releaseTab({ tripId }) {
      try {
        await callService(steps.openTab, (options) => billing.voidTab({ tripId }, options));
        return {};
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) throw error;
      }
      // A tab that cannot be voided is captured, or is being captured: the repeated capture completes that.
      try {
        return { captured: await captureTab({ step: steps.capture, tripId }) };
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        throw ApplicationFailure.retryable(error.message, error.type);
      }
    },
  };
}
