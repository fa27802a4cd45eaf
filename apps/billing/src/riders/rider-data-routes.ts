import { create, toJsonString } from "@bufbuild/protobuf";
import { type Tab, TabSchema } from "@fanfare/contracts/billing/v1/billing";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { paginate, type Routes } from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import { toMoney } from "../amounts.ts";
import { readTab } from "../store.ts";
import { toTab } from "../tab-message.ts";
import type { BillingTables, TabRow } from "../tables.ts";
import { eraseTabs } from "./erase-tabs.ts";

const kept = [
  "tabs, charges, refunds and the ledger, for bookkeeping: each tab has a random id in place of the rider",
  "what the payment gateway keeps of its charges: it is the gateway's to erase",
];

/** Creates the routes with which riders erases and exports a rider. */
export function createRiderDataRoutes(db: Kysely<BillingTables>): Routes {
  return (router) =>
    router.service(RiderDataService, {
      async eraseRiderData({ riderId }) {
        return { done: await eraseTabs(db, riderId), kept };
      },

      async exportRiderData({ riderId, pageToken }) {
        const page = { pageSize: 100, pageToken };
        const { items, nextPageToken } = await paginate(page, {
          position: z.uuid(),
          fetch: ({ after, limit }) => listTabs(db, riderId, { after, limit }),
          toPosition: ({ trip_id: tripId }) => tripId,
        });
        const tabs = await Promise.all(items.map((row) => exportTab(db, row)));
        const records = tabs.map((tab) => ({ kind: "tab", json: toJsonString(TabSchema, tab) }));
        return { records, nextPageToken };
      },
    });
}

function listTabs(
  db: Kysely<BillingTables>,
  riderId: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<TabRow[]> {
  let query = db.selectFrom("tabs").selectAll().where("rider_id", "=", riderId);
  if (after !== undefined) query = query.where("trip_id", ">", after);
  return query.orderBy("trip_id").limit(limit).execute();
}

/** Returns the tab as GetTab does, and one that was never authorised without a state. */
async function exportTab(db: Kysely<BillingTables>, row: TabRow): Promise<Tab> {
  const tab = toTab(await readTab(db, row.trip_id));
  if (tab !== undefined) return tab;
  return create(TabSchema, {
    tripId: row.trip_id,
    riderId: row.rider_id,
    paymentMethod: row.payment_method,
    limit: toMoney(BigInt(row.limit_minor_units), row.currency),
  });
}
