import { Code, ConnectError } from "@connectrpc/connect";
import { tombstone } from "@fanfare/service";
import type { Transaction } from "kysely";
import { authoriseTab, isAuthorisable } from "./authorise-tab.ts";
import type { BillingDeps } from "./billing-deps.ts";
import { callGateway } from "./call-gateway.ts";
import type { PaymentGateway } from "./gateway.ts";
import { postWriteOff } from "./ledger/post.ts";
import { findTab, updateTab, withTripLock } from "./store.ts";
import type { BillingTables, TabRow } from "./tables.ts";

/**
 * Refuses OpenTab's key from now on and releases its authorisation. When OpenTab crashed, requests the
 * authorisation again under the same key to find out what to release. Resolves once nothing is held. Charges
 * that were not refunded are written off.
 */
export async function voidTab(
  { db, gateway }: Pick<BillingDeps, "db" | "gateway">,
  key: string,
  tripId: string,
) {
  const tab = await withTripLock(db, tripId, async (tx) => {
    await tombstone(tx, key);
    return await beginVoiding(tx, tripId);
  });
  if (tab === undefined) return;

  const authorisationId = tab.authorisation_id ?? (await findAuthorisation(gateway, tab));
  if (authorisationId !== undefined) {
    await callGateway(gateway.void({ key: `tab/${tab.trip_id}/void`, authorisationId }));
  }
  await withTripLock(db, tripId, async (tx) => {
    await updateTab(tx, tripId, { state: "void", gateway_token: null });
    await postWriteOff(tx, tab);
  });
}

async function findAuthorisation(
  gateway: PaymentGateway,
  tab: TabRow,
): Promise<string | undefined> {
  if (!isAuthorisable(tab)) return undefined;
  const result = await authoriseTab(gateway, tab);
  return result.outcome === "authorised" ? result.authorisationId : undefined;
}

/** Returns the tab whose authorisation is to be released; undefined when there is none. */
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
    `the tab of trip ${tripId} is ${tab.state === "captured" ? "captured" : "being captured"} and cannot be voided: refund the rider by hand`,
    Code.FailedPrecondition,
  );
}
