import { askGateway } from "./call-gateway.ts";
import type { PaymentGateway } from "./gateway.ts";
import type { TabRow } from "./store.ts";

/**
 * authoriseTab asks the gateway for the tab's authorisation. The key is the same whoever asks for
 * this attempt, to open the tab or to find out what has to be voided, so that there is one
 * authorisation at most.
 */
export function authoriseTab(gateway: PaymentGateway, tab: TabRow) {
  return askGateway(
    gateway.authorise({
      key: `tab/${tab.trip_id}/authorise/${tab.authorise_attempt}`,
      paymentMethod: tab.payment_method,
      amount: { minorUnits: BigInt(tab.limit_minor_units), currency: tab.currency },
    }),
  );
}
