import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BillingService,
  type RefundCaptureRequest,
  type RefundCaptureResponse,
  RefundCaptureResponseSchema,
} from "@fanfare/contracts/billing/v1/billing";
import { runOnce } from "@fanfare/service";
import type { Transaction } from "kysely";
import { checkRefund, readRefund, toMoney } from "../amounts.ts";
import type { BillingDeps } from "../billing-deps.ts";
import { callGateway, createRejectionError } from "../call-gateway.ts";
import { createCaptureKey } from "../capture-tab.ts";
import { findAnswer } from "../find-answer.ts";
import type { Amount } from "../gateway.ts";
import { findTab, withTripLock } from "../store.ts";
import { createNotCapturedError } from "../tab-message.ts";
import type { BillingTables, CaptureRefundRow, TabRow } from "../tables.ts";
import { completeRefund, declineRefund, findRefund, insertRefund, readReserved } from "./store.ts";

/**
 * Stores the amount to refund, refunds it, and stores the result. A crash in between leaves the refund
 * `refunding`, and the amount counts as refunded: a repeated call refunds it under the same key.
 */
export async function refundCapture(
  { db, gateway }: BillingDeps,
  key: string,
  request: RefundCaptureRequest,
): Promise<RefundCaptureResponse> {
  const { tripId } = request;
  const amount = readRefund(request.amount);
  const call = { key, method: BillingService.method.refundCapture, request };

  const { tab, refund } = await withTripLock(db, tripId, async (tx) => {
    const known = await findRefund(tx, key);
    // Of a refund that was made, the refund is the answer: the worker that repeats the call may be of a version that
    // sends another field. For any other, this refuses a key of another call.
    if (known?.state !== "refunded") await findAnswer(tx, call);
    return await beginRefunding(tx, { key, tripId, amount }, known);
  });
  const refunded = toMoney(amount.minorUnits, amount.currency);
  const response = create(RefundCaptureResponseSchema, { refunded });
  if (refund.state === "refunded") return response;

  const captureKey = createCaptureKey(tab);
  // The gateway answers a repeated request as the first one, also one that is declined.
  const result = await callGateway(
    gateway.refund({ key: `tab/${tab.trip_id}/refund/${key}`, captureKey, amount }),
  );
  if (result.outcome !== "refunded") {
    await withTripLock(db, tripId, (tx) => declineRefund(tx, refund));
    throw createRejectionError(result);
  }

  return await withTripLock(db, tripId, async (tx) => {
    // Another copy of the call was answered first.
    if ((await findRefund(tx, key))?.state === "refunded") return response;
    return await runOnce(tx, call, async () => {
      await completeRefund(tx, tab, refund);
      return response;
    });
  });
}

/** Returns the tab, and its refund under the key. Throws what keeps the tab from being refunded. */
async function beginRefunding(
  tx: Transaction<BillingTables>,
  { key, tripId, amount }: { key: string; tripId: string; amount: Amount },
  known: CaptureRefundRow | undefined,
): Promise<{ tab: TabRow; refund: CaptureRefundRow }> {
  const tab = await findTab(tx, tripId);
  if (tab?.state !== "captured" || tab.captured_minor_units === null) {
    throw createNotCapturedError(tripId, tab?.state);
  }
  if (known !== undefined) {
    const isSame =
      known.trip_id === tab.trip_id &&
      known.minor_units === String(amount.minorUnits) &&
      amount.currency === tab.currency;
    if (isSame) return { tab, refund: known };
    throw new ConnectError(
      `idempotency-key ${key} was used for another refund: send each refund with a key of its own`,
      Code.AlreadyExists,
    );
  }
  const left = BigInt(tab.captured_minor_units) - (await readReserved(tx, tripId));
  checkRefund(amount, { minorUnits: left, currency: tab.currency });
  const refund = { refund_key: key, trip_id: tab.trip_id, minor_units: amount.minorUnits };
  return { tab, refund: await insertRefund(tx, refund) };
}
