import { callGateway } from "./call-gateway.ts";
import type { PaymentGateway } from "./gateway.ts";
import type { TabRow } from "./tables.ts";

/**
 * Requests the tab's authorisation from the gateway. OpenTab, and VoidTab after a crash, use the same key
 * for the same attempt, so there is one authorisation at most.
 */
export function authoriseTab(gateway: PaymentGateway, tab: TabRow) {
  return callGateway(
    gateway.authorise({
      key: `tab/${tab.trip_id}/authorise/${tab.authorise_attempt}`,
      paymentMethod: tab.payment_method,
      amount: { minorUnits: BigInt(tab.limit_minor_units), currency: tab.currency },
    }),
  );
}
