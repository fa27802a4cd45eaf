import { Code, ConnectError } from "@connectrpc/connect";
import { tombstone } from "@fanfare/service";
import type { Transaction } from "kysely";
import { authoriseTab } from "./authorise-tab.ts";
import type { Billing } from "./billing.ts";
import { askGateway } from "./call-gateway.ts";
import type { PaymentGateway } from "./gateway.ts";
import { findTab, inTrip, type TabRow, updateTab } from "./store.ts";
import type { BillingTables } from "./tables.ts";

/**
 * voidTab refuses OpenTab's key from now on and gives back what it authorised, or may have: when it
 * was cut off, its authorisation is asked for again under the same key, to learn what to give back.
 * It resolves once nothing is held.
 */
export async function voidTab({ db, gateway }: Billing, key: string, tripId: string) {
  const tab = await inTrip(db, tripId, async (tx) => {
    await tombstone(tx, key);
    return await beginVoiding(tx, tripId);
  });
  if (tab === undefined) return;

  const authorisationId = tab.authorisation_id ?? (await findAuthorisation(gateway, tab));
  if (authorisationId !== undefined) {
    await askGateway(gateway.void({ key: `tab/${tab.trip_id}/void`, authorisationId }));
  }
  await inTrip(db, tripId, (tx) => updateTab(tx, tripId, { state: "void" }));
}

async function findAuthorisation(
  gateway: PaymentGateway,
  tab: TabRow,
): Promise<string | undefined> {
  const result = await authoriseTab(gateway, tab);
  return result.outcome === "authorised" ? result.authorisationId : undefined;
}

/** beginVoiding returns the tab whose authorisation is to be given back; undefined when none is. */
async function beginVoiding(
  tx: Transaction<BillingTables>,
  tripId: string,
): Promise<TabRow | undefined> {
  const tab = await findTab(tx, tripId);
  switch (tab?.state) {
    case undefined:
    case "void":
      return undefined;
    case "declined":
      await updateTab(tx, tripId, { state: "void" });
      return undefined;
    case "opening":
    case "open":
    case "voiding":
      return await updateTab(tx, tripId, { state: "voiding" });
    case "capturing":
    case "captured":
      break;
  }
  throw new ConnectError(
    `The tab of trip ${tripId} is ${tab.state === "captured" ? "captured" : "being captured"} and cannot be voided: what is taken is paid back by hand`,
    Code.FailedPrecondition,
  );
}
