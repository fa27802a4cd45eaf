import { callGateway } from "./call-gateway.ts";
import type { PaymentGateway } from "./gateway.ts";
import type { TabRow } from "./tables.ts";

/** A tab whose payment method the gateway knows by a token. */
export type AuthorisableTab = TabRow & { readonly gateway_token: string };

/** Returns whether the gateway may have been asked to authorise the tab. */
export function isAuthorisable(tab: TabRow): tab is AuthorisableTab {
  return tab.gateway_token !== null;
}

/**
 * Requests the tab's authorisation from the gateway. OpenTab, and VoidTab after a crash, use the same key
 * for the same attempt, so there is one authorisation at most.
 */
export function authoriseTab(gateway: PaymentGateway, tab: AuthorisableTab) {
  return callGateway(
    gateway.authorise({
      key: `tab/${tab.trip_id}/authorise/${tab.authorise_attempt}`,
      paymentMethod: tab.gateway_token,
      amount: { minorUnits: BigInt(tab.limit_minor_units), currency: tab.currency },
    }),
  );
}
