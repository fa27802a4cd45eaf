import { Code, ConnectError } from "@connectrpc/connect";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { type Routes, readIdempotencyKey } from "@fanfare/service";
import type { Billing } from "./billing.ts";
import { captureTab } from "./capture-tab.ts";
import { charge, refund } from "./charge.ts";
import { openTab } from "./open-tab.ts";
import { readTab } from "./store.ts";
import { toTab } from "./tab.ts";
import { voidTab } from "./void-tab.ts";

/** createRoutes makes BillingService on the database and the gateway. */
export function createRoutes(billing: Billing): Routes {
  return (router) =>
    router.service(BillingService, {
      openTab: (request, context) => openTab(billing, readIdempotencyKey(context), request),

      async voidTab({ tripId }, context) {
        await voidTab(billing, readIdempotencyKey(context), tripId);
        return {};
      },

      charge: (request, context) => charge(billing, readIdempotencyKey(context), request),

      async refund({ tripId }, context) {
        await refund(billing, readIdempotencyKey(context), tripId);
        return {};
      },

      captureTab: (request, context) => captureTab(billing, readIdempotencyKey(context), request),

      async getTab({ tripId }) {
        const tab = toTab(await readTab(billing.db, tripId));
        if (tab !== undefined) return { tab };
        throw new ConnectError(
          `Trip ${tripId} has no tab: it gets one from OpenTab`,
          Code.NotFound,
        );
      },
    });
}
