import { Code, ConnectError } from "@connectrpc/connect";
import { type AuthorisableTab, isAuthorisable } from "./authorise-tab.ts";
import type { BillingDeps } from "./billing-deps.ts";
import { findTab, updateTab, withTripLock } from "./store.ts";
import type { TabRow } from "./tables.ts";

/**
 * Returns the tab with the gateway's token of its payment method, which is asked of riders once and stored. A
 * method that is removed later changes nothing. Throws failed_precondition when the method is not the rider's,
 * and unavailable when riders does not answer.
 */
export async function confirmMethod(
  { db, paymentMethods }: Pick<BillingDeps, "db" | "paymentMethods">,
  tab: TabRow,
): Promise<AuthorisableTab> {
  if (isAuthorisable(tab)) return tab;
  const { trip_id: tripId, rider_id: riderId, payment_method: method } = tab;
  const token = await paymentMethods.findToken(riderId, method);
  const confirmed = await withTripLock(db, tripId, async (tx) => {
    const now = await findTab(tx, tripId);
    if (now?.authorise_attempt !== tab.authorise_attempt) throw createOvertakenError(tripId);
    // Another copy of the call was answered first, or the tab was voided.
    if (isAuthorisable(now) || now.state !== "opening") return now;
    if (token === undefined) return await updateTab(tx, tripId, { state: "declined" });
    return await updateTab(tx, tripId, { gateway_token: token });
  });
  if (isAuthorisable(confirmed)) return confirmed;
  if (confirmed.state !== "declined") throw createOvertakenError(tripId);
  // Does not name the method: callers may have sent the gateway's token, and refusals are stored and logged.
  throw new ConnectError(
    "the payment method is not one of the rider: use one of their own, from ListPaymentMethods",
    Code.FailedPrecondition,
  );
}

/** Creates the aborted error of an attempt that another call ended. */
export function createOvertakenError(tripId: string): ConnectError {
  return new ConnectError(
    `the tab of trip ${tripId} was voided or opened again meanwhile: call again`,
    Code.Aborted,
  );
}
