import type { Kysely } from "kysely";
import type { NotificationsDatabase } from "../tables.ts";

/**
 * Removes the drafts and the receipts of a rider. A repeated call changes nothing. An event that arrives later
 * leaves no receipt: riders has no region of the rider any more.
 */
export async function eraseReceipts(
  db: Kysely<NotificationsDatabase>,
  riderId: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // The drafts first: this waits for a receipt that is being written, which is then seen below.
    await tx.deleteFrom("receipt_drafts").where("rider_id", "=", riderId).execute();
    await tx.deleteFrom("receipts").where("rider_id", "=", riderId).execute();
  });
}
