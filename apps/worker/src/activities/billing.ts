import { createClient, type Transport } from "@connectrpc/connect";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import type { BillingActivities } from "../trip-activities.ts";
import { callService } from "./call-service.ts";
import { fromMoney, toMoney } from "./plain-json.ts";

/** Creates the activities that call billing. */
export function createBillingActivities(deps: { transport: Transport }): BillingActivities {
  const billing = createClient(BillingService, deps.transport);
  return {
    async openTab({ step, tripId, riderId, paymentMethod, limit }) {
      const request = { tripId, riderId, paymentMethod, limit: toMoney(limit) };
      await callService(step, (options) => billing.openTab(request, options));
    },
    async voidTab({ step, tripId }) {
      await callService(step, (options) => billing.voidTab({ tripId }, options));
    },
    async charge({ step, tripId, description, amount }) {
      const request = { tripId, description, amount: toMoney(amount) };
      await callService(step, (options) => billing.charge(request, options));
    },
    async refund({ step, tripId }) {
      await callService(step, (options) => billing.refund({ tripId }, options));
    },
    async captureTab({ step, tripId }) {
      const { captured } = await callService(step, (options) =>
        billing.captureTab({ tripId }, options),
      );
      return fromMoney(captured, "captured amount");
    },
  };
}
