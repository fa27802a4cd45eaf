import { Code, ConnectError } from "@connectrpc/connect";
import { tombstone } from "@fanfare/service";
import type { BillingDeps } from "./billing-deps.ts";
import { postWriteBack } from "./ledger/post.ts";
import { addRefund, findCharge, findTab, withTripLock } from "./store.ts";
import { createNotOpenError } from "./tab-message.ts";

/**
 * Refunds the charge that was made under the key, once, and refuses the key from now on. Does nothing
 * when there is no such charge.
 */
export async function refund(
  { db }: Pick<BillingDeps, "db">,
  key: string,
  tripId: string,
): Promise<void> {
  await withTripLock(db, tripId, async (tx) => {
    await tombstone(tx, key);
    const charged = await findCharge(tx, key);
    if (charged === undefined || charged.refunded) return;
    const tab = await findTab(tx, charged.trip_id);
    if (tab?.trip_id !== tripId.toLowerCase()) {
      throw new ConnectError(
        `the charge under idempotency-key ${key} belongs to another trip: send the trip that was charged`,
        Code.InvalidArgument,
      );
    }
    if (tab.state === "capturing" || tab.state === "captured")
      throw createNotOpenError(tripId, tab.state);
    await addRefund(tx, key);
    if (tab.state === "void") {
      await postWriteBack(tx, tab, { key, minorUnits: BigInt(charged.minor_units) });
    }
  });
}
