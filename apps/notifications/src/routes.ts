import type { ConnectRouter } from "@connectrpc/connect";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import { getCaller } from "@fanfare/service";
import type { Kysely } from "kysely";
import { toReceipt } from "./receipt-message.ts";
import { createRiderDataRoutes } from "./riders/rider-data-routes.ts";
import { listReceipts } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";

/** Registers NotificationsService, which reads from the database, and RiderDataService. */
export function createRoutes(db: Kysely<NotificationsDatabase>): (router: ConnectRouter) => void {
  return (router) => {
    createRiderDataRoutes(db)(router);
    router.service(NotificationsService, {
      // A trip of another rider looks like one without receipts, so that its existence is not disclosed.
      async listReceipts({ tripId }, context) {
        const caller = getCaller(context);
        const riderId = caller.role === "rider" ? caller.subject : undefined;
        const rows = await listReceipts(db, tripId, riderId);
        return { receipts: rows.map(toReceipt) };
      },
    });
  };
}
