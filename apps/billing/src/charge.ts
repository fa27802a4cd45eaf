import { Code, ConnectError } from "@connectrpc/connect";
import {
  BillingService,
  type ChargeRequest,
  type ChargeResponse,
} from "@fanfare/contracts/billing/v1/billing";
import { runOnce, tombstone } from "@fanfare/service";
import { checkCharge, readCharge } from "./amounts.ts";
import type { Billing } from "./billing.ts";
import { addCharge, addRefund, balanceOf, findCharge, findTab, inTrip, readTab } from "./store.ts";
import { notOpen, toTab } from "./tab.ts";

/** charge adds a charge to an open tab, within its limit. */
export async function charge(
  { db }: Pick<Billing, "db">,
  key: string,
  request: ChargeRequest,
): Promise<ChargeResponse> {
  const { tripId, description } = request;
  const amount = readCharge(request.amount);
  const call = { key, method: BillingService.method.charge, request };
  return await inTrip(db, tripId, (tx) =>
    runOnce(tx, call, async () => {
      const tab = await findTab(tx, tripId);
      if (tab?.state !== "open") throw notOpen(tripId, tab?.state);
      const limit = { minorUnits: BigInt(tab.limit_minor_units), currency: tab.currency };
      checkCharge(amount, { limit, balance: await balanceOf(tx, tripId) });
      await addCharge(tx, { tripId, key, description, minorUnits: amount.minorUnits });
      return { tab: toTab(await readTab(tx, tripId)) };
    }),
  );
}

/** refund takes the charge made under the key back, once, and refuses the key from now on. */
export async function refund(
  { db }: Pick<Billing, "db">,
  key: string,
  tripId: string,
): Promise<void> {
  await inTrip(db, tripId, async (tx) => {
    await tombstone(tx, key);
    const charged = await findCharge(tx, key);
    if (charged === undefined || charged.refunded) return;
    const tab = await findTab(tx, charged.trip_id);
    if (tab?.trip_id !== tripId.toLowerCase()) {
      throw new ConnectError(
        `The charge under idempotency-key ${key} is another trip's: send the trip that was charged`,
        Code.InvalidArgument,
      );
    }
    if (tab.state === "capturing" || tab.state === "captured") throw notOpen(tripId, tab.state);
    await addRefund(tx, key);
  });
}
