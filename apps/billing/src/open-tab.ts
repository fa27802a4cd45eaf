import { Code, ConnectError } from "@connectrpc/connect";
import {
  BillingService,
  type OpenTabRequest,
  type OpenTabResponse,
} from "@fanfare/contracts/billing/v1/billing";
import { type IdempotentCall, runOnce } from "@fanfare/service";
import type { Insertable, Transaction } from "kysely";
import { readLimit } from "./amounts.ts";
import { authoriseTab } from "./authorise-tab.ts";
import type { BillingDeps } from "./billing-deps.ts";
import { createRejectionError } from "./call-gateway.ts";
import { confirmMethod, createOvertakenError } from "./confirm-method.ts";
import { findAnswer } from "./find-answer.ts";
import { findTab, insertTab, readTab, updateTab, withTripLock } from "./store.ts";
import { toTab } from "./tab-message.ts";
import type { BillingTables, TabRow, TabTable } from "./tables.ts";

/**
 * Stores the tab, then the gateway's token of its payment method, authorises its limit, and stores the result.
 * A crash in between leaves the tab `opening`: a repeated call completes it, and VoidTab releases what was
 * authorised.
 */
export async function openTab(
  { db, gateway, paymentMethods }: BillingDeps,
  key: string,
  request: OpenTabRequest,
): Promise<OpenTabResponse> {
  const { tripId } = request;
  const call = { key, method: BillingService.method.openTab, request };
  const newTab = createTabRow(key, request);

  const begun = await withTripLock(db, tripId, async (tx) => {
    const answer = await findAnswer(tx, call);
    return answer === undefined ? { tab: await beginOpening(tx, newTab) } : { answer };
  });
  if (begun.answer !== undefined) return begun.answer;
  if (begun.tab.state !== "opening") return await readOpened(db, call);
  const tab = await confirmMethod({ db, paymentMethods }, begun.tab);

  const result = await authoriseTab(gateway, tab);
  if (result.outcome !== "authorised") {
    await withTripLock(db, tripId, async (tx) => {
      if (isSameAttempt(await findTab(tx, tripId), tab)) {
        await updateTab(tx, tripId, { state: "declined", gateway_token: null });
      }
    });
    throw createRejectionError(result);
  }

  return await withTripLock(db, tripId, (tx) =>
    runOnce(tx, call, async () => {
      if (!isSameAttempt(await findTab(tx, tripId), tab)) throw createOvertakenError(tripId);
      await updateTab(tx, tripId, {
        state: "open",
        authorisation_id: result.authorisationId,
        gateway_token: null,
      });
      return { tab: toTab(await readTab(tx, tripId)) };
    }),
  );
}

type OpenTabCall = IdempotentCall<
  typeof BillingService.method.openTab.input,
  typeof BillingService.method.openTab.output
>;

function createTabRow(key: string, request: OpenTabRequest): Insertable<TabTable> {
  const limit = readLimit(request.limit);
  return {
    trip_id: request.tripId,
    rider_id: request.riderId,
    payment_method: request.paymentMethod,
    gateway_token: null,
    currency: limit.currency,
    limit_minor_units: limit.minorUnits,
    state: "opening",
    opened_under: key,
    authorise_attempt: 1,
  };
}

/** Returns the tab that the same call has opened, although its key was no longer remembered. */
function readOpened(db: BillingDeps["db"], call: OpenTabCall): Promise<OpenTabResponse> {
  const { tripId } = call.request;
  return withTripLock(db, tripId, (tx) =>
    runOnce(tx, call, async () => ({ tab: toTab(await readTab(tx, tripId)) })),
  );
}

async function beginOpening(
  tx: Transaction<BillingTables>,
  newTab: Insertable<TabTable>,
): Promise<TabRow> {
  const tab = await findTab(tx, newTab.trip_id);
  switch (tab?.state) {
    case undefined:
      return await insertTab(tx, newTab);
    case "declined":
      // A declined key stays declined, so the next attempt has a key of its own.
      return await updateTab(tx, newTab.trip_id, {
        ...newTab,
        authorise_attempt: tab.authorise_attempt + 1,
      });
    case "voiding":
    case "void":
      throw new ConnectError(
        `the tab of trip ${newTab.trip_id} was voided and cannot be opened again: start another trip`,
        Code.FailedPrecondition,
      );
    case "opening":
    case "open":
    case "capturing":
    case "captured":
      if (isSameRequest(tab, newTab)) return tab;
      break;
  }
  throw new ConnectError(
    `trip ${newTab.trip_id} has a tab: read it with GetTab, or repeat OpenTab as it was first sent`,
    Code.AlreadyExists,
  );
}

function isSameRequest(tab: TabRow, newTab: Insertable<TabTable>): boolean {
  return (
    tab.opened_under === newTab.opened_under &&
    tab.rider_id === newTab.rider_id &&
    tab.payment_method === newTab.payment_method &&
    tab.currency === newTab.currency &&
    tab.limit_minor_units === String(newTab.limit_minor_units)
  );
}

function isSameAttempt(now: TabRow | undefined, begun: TabRow): boolean {
  return now?.state === "opening" && now.authorise_attempt === begun.authorise_attempt;
}
