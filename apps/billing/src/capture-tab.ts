import {
  BillingService,
  type CaptureTabRequest,
  type CaptureTabResponse,
} from "@fanfare/contracts/billing/v1/billing";
import { runOnce } from "@fanfare/service";
import type { Transaction } from "kysely";
import { toMoney } from "./amounts.ts";
import type { BillingDeps } from "./billing-deps.ts";
import { callGateway, createRejectionError } from "./call-gateway.ts";
import { findAnswer } from "./find-answer.ts";
import type { GatewayRejection, PaymentGateway } from "./gateway.ts";
import { postCapture, readBalance } from "./ledger/post.ts";
import { findTab, updateTab, withTripLock } from "./store.ts";
import { createNotOpenError } from "./tab-message.ts";
import type { BillingTables, TabRow } from "./tables.ts";

/**
 * Stores the amount to capture, captures it, and stores the result. A crash in between leaves the tab
 * `capturing`: a repeated call captures the same amount under the same key.
 */
export async function captureTab(
  { db, gateway }: Pick<BillingDeps, "db" | "gateway">,
  key: string,
  request: CaptureTabRequest,
): Promise<CaptureTabResponse> {
  const { tripId } = request;
  const call = { key, method: BillingService.method.captureTab, request };

  const begun = await withTripLock(db, tripId, async (tx) => {
    const answer = await findAnswer(tx, call);
    return answer === undefined ? { tab: await beginCapturing(tx, tripId) } : { answer };
  });
  if (begun.answer !== undefined) return begun.answer;
  const { tab } = begun;

  const result = await capture(gateway, tab);
  if (result.outcome !== "captured") {
    await withTripLock(db, tripId, async (tx) => {
      if (isSameAttempt(await findTab(tx, tripId), tab)) {
        await updateTab(tx, tripId, { state: "open", captured_minor_units: null });
      }
    });
    throw createRejectionError(result);
  }

  return await withTripLock(db, tripId, (tx) =>
    runOnce(tx, call, async () => {
      await updateTab(tx, tripId, { state: "captured" });
      await postCapture(tx, tab, getAmount(tab));
      return { captured: toMoney(getAmount(tab), tab.currency) };
    }),
  );
}

/** Returns the tab with the amount that is being captured, or is captured. */
async function beginCapturing(tx: Transaction<BillingTables>, tripId: string): Promise<TabRow> {
  const tab = await findTab(tx, tripId);
  switch (tab?.state) {
    case "open":
      return await updateTab(tx, tripId, {
        state: "capturing",
        captured_minor_units: await readBalance(tx, tripId),
        // A declined key stays declined, so each attempt has a key of its own.
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
  throw createNotOpenError(tripId, tab?.state);
}

async function capture(
  gateway: PaymentGateway,
  tab: TabRow,
): Promise<{ outcome: "captured" } | GatewayRejection> {
  const { trip_id, authorisation_id: authorisationId, currency } = tab;
  if (tab.state === "captured") return { outcome: "captured" };
  if (authorisationId === null) throw new Error(`the tab of trip ${trip_id} has no authorisation`);
  const minorUnits = getAmount(tab);
  const key = createCaptureKey(tab);
  if (minorUnits === 0n) {
    // Gateways refuse to capture zero.
    await callGateway(gateway.void({ key, authorisationId }));
    return { outcome: "captured" };
  }
  return await callGateway(
    gateway.capture({ key, authorisationId, amount: { minorUnits, currency } }),
  );
}

/** Returns the key under which the gateway captures the tab, and by which it finds the capture. */
export function createCaptureKey({ trip_id, capture_attempt }: TabRow): string {
  return `tab/${trip_id}/capture/${capture_attempt}`;
}

function getAmount({ captured_minor_units }: TabRow): bigint {
  if (captured_minor_units === null) throw new Error("the tab has no amount to capture");
  return BigInt(captured_minor_units);
}

function isSameAttempt(now: TabRow | undefined, begun: TabRow): boolean {
  return now?.state === "capturing" && now.capture_attempt === begun.capture_attempt;
}
