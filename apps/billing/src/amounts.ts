import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Money, MoneySchema } from "@fanfare/contracts/money/v1/money";
import type { Amount } from "./gateway.ts";

/** toMoney is the amount as a message. */
export function toMoney(minorUnits: bigint, currency: string): Money {
  return create(MoneySchema, { minorUnits, currency });
}

/** readLimit is the limit of a tab. invalid_argument unless it is above zero. */
export function readLimit(money: Money | undefined): Amount {
  const limit = readMoney(money, "limit");
  if (limit.minorUnits <= 0n) {
    throw new ConnectError(
      `limit is ${describe(limit)}: send an amount above zero, in minor units`,
      Code.InvalidArgument,
    );
  }
  return limit;
}

/** readCharge is the amount of a charge. invalid_argument when it is negative. */
export function readCharge(money: Money | undefined): Amount {
  const amount = readMoney(money, "amount");
  if (amount.minorUnits < 0n) {
    throw new ConnectError(
      `amount is ${describe(amount)}: a charge is not negative; call Refund to give a charge back`,
      Code.InvalidArgument,
    );
  }
  return amount;
}

/**
 * checkCharge refuses a charge that does not fit the tab: invalid_argument in another currency,
 * out_of_range beyond the limit.
 */
export function checkCharge(charge: Amount, tab: { limit: Amount; balance: bigint }): void {
  const { currency } = tab.limit;
  if (charge.currency !== currency) {
    throw new ConnectError(
      `The tab is in ${currency}, the charge in ${charge.currency}: charge in ${currency}`,
      Code.InvalidArgument,
    );
  }
  const left = tab.limit.minorUnits - tab.balance;
  if (charge.minorUnits > left) {
    throw new ConnectError(
      `The charge of ${describe(charge)} exceeds what is authorised: charge at most ${left} of the limit ${describe(tab.limit)}`,
      Code.OutOfRange,
    );
  }
}

function readMoney(money: Money | undefined, field: string): Amount {
  if (money === undefined) {
    throw new ConnectError(`${field} is missing`, Code.InvalidArgument);
  }
  return { minorUnits: money.minorUnits, currency: money.currency };
}

function describe(amount: Amount): string {
  return `${amount.minorUnits} ${amount.currency}`;
}
