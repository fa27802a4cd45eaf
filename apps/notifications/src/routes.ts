import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import { getCaller } from "@fanfare/service";
import type { Kysely } from "kysely";
import { listReceipts } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";

/** Registers NotificationsService, which reads from the database. */
export function createRoutes(db: Kysely<NotificationsDatabase>): (router: ConnectRouter) => void {
  return (router) => {
    router.service(NotificationsService, {
      // A trip of another rider looks like one without receipts, so that its existence is not disclosed.
      async listReceipts({ tripId }, context) {
        const caller = getCaller(context);
        const riderId = caller.role === "rider" ? caller.subject : undefined;
        const rows = await listReceipts(db, tripId, riderId);
        return {
          receipts: rows.map((row) => ({
            tripId: row.trip_id,
            riderId: row.rider_id,
            subject: row.subject,
            text: row.text,
            createdAt: timestampFromDate(row.created_at),
            ...(row.sent_at ? { sentAt: timestampFromDate(row.sent_at) } : {}),
          })),
        };
      },
    });
  };
}
