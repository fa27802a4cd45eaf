import {
  BillingService,
  type CaptureTabRequest,
  type CaptureTabResponse,
} from "@fanfare/contracts/billing/v1/billing";
import { runOnce } from "@fanfare/service";
import type { Transaction } from "kysely";
import { toMoney } from "./amounts.ts";
import type { Billing } from "./billing.ts";
import { askGateway, refusalOf } from "./call-gateway.ts";
import { recall } from "./find-recorded-answer.ts";
import type { PaymentGateway, Refusal } from "./gateway.ts";
import { balanceOf, findTab, inTrip, type TabRow, updateTab } from "./store.ts";
import { notOpen } from "./tab.ts";
import type { BillingTables } from "./tables.ts";

/**
 * captureTab fixes what is to be captured, asks the gateway for it, and records the answer. A crash
 * in between leaves a tab that is capturing, of the same amount and under the same key.
 */
export async function captureTab(
  { db, gateway }: Billing,
  key: string,
  request: CaptureTabRequest,
): Promise<CaptureTabResponse> {
  const { tripId } = request;
  const call = { key, method: BillingService.method.captureTab, request };

  const begun = await inTrip(db, tripId, async (tx) => {
    const answer = await recall(tx, call);
    return answer === undefined ? { tab: await beginCapturing(tx, tripId) } : { answer };
  });
  if (begun.answer !== undefined) return begun.answer;
  const { tab } = begun;

  const result = await takeFrom(gateway, tab);
  if (result.outcome !== "captured") {
    await inTrip(db, tripId, async (tx) => {
      if (isSameAttempt(await findTab(tx, tripId), tab)) {
        await updateTab(tx, tripId, { state: "open", captured_minor_units: null });
      }
    });
    throw refusalOf(result);
  }

  return await inTrip(db, tripId, (tx) =>
    runOnce(tx, call, async () => {
      await updateTab(tx, tripId, { state: "captured" });
      return { captured: toMoney(amountOf(tab), tab.currency) };
    }),
  );
}

/** beginCapturing returns the tab with the amount that is being captured, or was. */
async function beginCapturing(tx: Transaction<BillingTables>, tripId: string): Promise<TabRow> {
  const tab = await findTab(tx, tripId);
  switch (tab?.state) {
    case "open":
      return await updateTab(tx, tripId, {
        state: "capturing",
        captured_minor_units: await balanceOf(tx, tripId),
        // What the gateway declined stays declined under its key: each attempt has its own.
        capture_attempt: tab.capture_attempt + 1,
      });
    case "capturing":
    case "captured":
      return tab;
    case undefined:
    case "opening":
    case "declined":
    case "voiding":
    case "void":
      break;
  }
  throw notOpen(tripId, tab?.state);
}

async function takeFrom(
  gateway: PaymentGateway,
  tab: TabRow,
): Promise<{ outcome: "captured" } | Refusal> {
  const { trip_id, authorisation_id: authorisationId, currency } = tab;
  if (tab.state === "captured") return { outcome: "captured" };
  if (authorisationId === null) throw new Error(`the tab of trip ${trip_id} has no authorisation`);
  const minorUnits = amountOf(tab);
  const key = `tab/${trip_id}/capture/${tab.capture_attempt}`;
  if (minorUnits === 0n) {
    // Gateways take no capture of nothing.
    await askGateway(gateway.void({ key, authorisationId }));
    return { outcome: "captured" };
  }
  return await askGateway(
    gateway.capture({ key, authorisationId, amount: { minorUnits, currency } }),
  );
}

function amountOf({ captured_minor_units }: TabRow): bigint {
  if (captured_minor_units === null) throw new Error("the tab has no amount to capture");
  return BigInt(captured_minor_units);
}

function isSameAttempt(now: TabRow | undefined, begun: TabRow): boolean {
  return now?.state === "capturing" && now.capture_attempt === begun.capture_attempt;
}
