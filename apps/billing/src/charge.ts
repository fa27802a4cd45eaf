import { Code, ConnectError } from "@connectrpc/connect";
import {
  Account,
  BillingService,
  type ChargeRequest,
  type ChargeResponse,
} from "@fanfare/contracts/billing/v1/billing";
import { runOnce } from "@fanfare/service";
import type { Transaction } from "kysely";
import { checkCharge, readCharge } from "./amounts.ts";
import type { BillingDeps } from "./billing-deps.ts";
import { readBalance } from "./ledger/post.ts";
import { addCharge, findCharge, findTab, readTab, withTripLock } from "./store.ts";
import { createNotOpenError, toTab } from "./tab-message.ts";
import type { BillingTables } from "./tables.ts";

/**
 * Adds a charge to an open tab, within its limit. A charge that was added under the key before is the
 * answer, also when the key is no longer remembered.
 */
export async function charge(
  { db }: Pick<BillingDeps, "db">,
  key: string,
  request: ChargeRequest,
): Promise<ChargeResponse> {
  const { tripId, description } = request;
  const amount = readCharge(request.amount);
  // The account is not part of the call: the worker that repeats it may be of a version that sends another.
  const identity = { ...request, account: Account.UNSPECIFIED };
  const call = { key, method: BillingService.method.charge, request: identity };
  return await withTripLock(db, tripId, (tx) =>
    runOnce(tx, call, async () => {
      const tab = await findTab(tx, tripId);
      if (await isCharged(tx, { key, request, currency: tab?.currency })) {
        return { tab: toTab(await readTab(tx, tripId)) };
      }
      if (tab?.state !== "open") throw createNotOpenError(tripId, tab?.state);
      const limit = { minorUnits: BigInt(tab.limit_minor_units), currency: tab.currency };
      checkCharge(amount, { limit, balance: await readBalance(tx, tripId) });
      await addCharge(tx, { tripId, key, description, ...amount, account: findAccount(request) });
      return { tab: toTab(await readTab(tx, tripId)) };
    }),
  );
}

function findAccount({ account }: ChargeRequest): "FEES" | "FARES" | "OTHER_CHARGES" {
  if (account === Account.FEES) return "FEES";
  return account === Account.FARES ? "FARES" : "OTHER_CHARGES";
}

/**
 * Returns whether the charge was added before. Throws already_exists when another one was added under the
 * key, and failed_precondition when it was refunded.
 */
async function isCharged(
  tx: Transaction<BillingTables>,
  { key, request, currency }: { key: string; request: ChargeRequest; currency: string | undefined },
): Promise<boolean> {
  const charged = await findCharge(tx, key);
  if (charged === undefined) return false;
  if (charged.refunded) {
    throw new ConnectError(
      `the charge under idempotency-key ${key} was refunded: it cannot be repeated`,
      Code.FailedPrecondition,
    );
  }
  const isSame =
    charged.trip_id === request.tripId.toLowerCase() &&
    charged.description === request.description &&
    charged.minor_units === String(request.amount?.minorUnits) &&
    currency === request.amount?.currency;
  if (isSame) return true;
  throw new ConnectError(
    `idempotency-key ${key} was used for another charge: send each charge with a key of its own`,
    Code.AlreadyExists,
  );
}
