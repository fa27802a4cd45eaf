import {
  BillingService,
  type ChargeRequest,
  type ChargeResponse,
} from "@fanfare/contracts/billing/v1/billing";
import { runOnce } from "@fanfare/service";
import { checkCharge, readCharge } from "./amounts.ts";
import type { BillingDeps } from "./billing-deps.ts";
import { addCharge, findTab, readBalance, readTab, withTripLock } from "./store.ts";
import { createNotOpenError, toTab } from "./tab-message.ts";

/** Adds a charge to an open tab, within its limit. */
export async function charge(
  { db }: Pick<BillingDeps, "db">,
  key: string,
  request: ChargeRequest,
): Promise<ChargeResponse> {
  const { tripId, description } = request;
  const amount = readCharge(request.amount);
  const call = { key, method: BillingService.method.charge, request };
  return await withTripLock(db, tripId, (tx) =>
    runOnce(tx, call, async () => {
      const tab = await findTab(tx, tripId);
      if (tab?.state !== "open") throw createNotOpenError(tripId, tab?.state);
      const limit = { minorUnits: BigInt(tab.limit_minor_units), currency: tab.currency };
      checkCharge(amount, { limit, balance: await readBalance(tx, tripId) });
      await addCharge(tx, { tripId, key, description, minorUnits: amount.minorUnits });
      return { tab: toTab(await readTab(tx, tripId)) };
    }),
  );
}
