import { Code, ConnectError } from "@connectrpc/connect";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { type Routes, readIdempotencyKey } from "@fanfare/service";
import type { BillingDeps } from "./billing-deps.ts";
import { captureTab } from "./capture-tab.ts";
import { charge } from "./charge.ts";
import { findLedgerFaults } from "./ledger/find-ledger-faults.ts";
import { getLedger } from "./ledger/get-ledger.ts";
import { openTab } from "./open-tab.ts";
import { refund } from "./refund.ts";
import { refundCapture } from "./refunds/refund-capture.ts";
import { readTab } from "./store.ts";
import { toTab } from "./tab-message.ts";
import { voidTab } from "./void-tab.ts";

/**
 * Creates the routes of BillingService over its database and a payment gateway. The saga calls them from
 * apps/worker/src/activities/billing.ts.
 */
export function createRoutes(deps: BillingDeps): Routes {
  return (router) =>
    router.service(BillingService, {
      openTab: (request, context) => openTab(deps, readIdempotencyKey(context), request),

      async voidTab({ tripId }, context) {
        await voidTab(deps, readIdempotencyKey(context), tripId);
        return {};
      },

      charge: (request, context) => charge(deps, readIdempotencyKey(context), request),

      async refund({ tripId }, context) {
        await refund(deps, readIdempotencyKey(context), tripId);
        return {};
      },

      captureTab: (request, context) => captureTab(deps, readIdempotencyKey(context), request),

      refundCapture: (request, context) =>
        refundCapture(deps, readIdempotencyKey(context), request),

      getLedger: (request) => getLedger(deps.db, request),

      async checkLedger() {
        return { faults: await findLedgerFaults(deps.db, 100) };
      },

      async getTab({ tripId }) {
        const tab = toTab(await readTab(deps.db, tripId));
        if (tab !== undefined) return { tab };
        throw new ConnectError(`trip ${tripId} has no tab: open one with OpenTab`, Code.NotFound);
      },
    });
}
