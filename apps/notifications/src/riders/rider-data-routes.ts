import { toJsonString } from "@bufbuild/protobuf";
import { ReceiptSchema } from "@fanfare/contracts/notifications/v1/notifications";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { paginate, type Routes } from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import { toReceipt } from "../receipt-message.ts";
import type { NotificationsDatabase, ReceiptRow } from "../tables.ts";
import { eraseReceipts } from "./erase-receipts.ts";

/** Creates the routes with which riders erases and exports a rider. */
export function createRiderDataRoutes(db: Kysely<NotificationsDatabase>): Routes {
  return (router) => {
    router.service(RiderDataService, {
      async eraseRiderData({ riderId }) {
        await eraseReceipts(db, riderId);
        return { done: true };
      },

      async exportRiderData({ riderId, pageToken }) {
        const page = { pageSize: 100, pageToken };
        const { items, nextPageToken } = await paginate(page, {
          position: z.string().regex(/^\d{1,18}$/),
          fetch: ({ after = "0", limit }) => listReceiptsOfRider(db, riderId, { after, limit }),
          toPosition: ({ id }) => id,
        });
        const records = items.map((row) => ({
          kind: "receipt",
          json: toJsonString(ReceiptSchema, toReceipt(row)),
        }));
        return { records, nextPageToken };
      },
    });
  };
}

function listReceiptsOfRider(
  db: Kysely<NotificationsDatabase>,
  riderId: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<ReceiptRow[]> {
  return db
    .selectFrom("receipts")
    .selectAll()
    .where("rider_id", "=", riderId)
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
}
