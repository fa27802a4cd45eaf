import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Money, MoneySchema } from "@fanfare/contracts/money/v1/money";
import type { Amount } from "./gateway.ts";

/** Converts an amount to the message of the API. */
export function toMoney(minorUnits: bigint, currency: string): Money {
  return create(MoneySchema, { minorUnits, currency });
}

/** Returns the limit of a tab. Throws invalid_argument unless it is above zero. */
export function readLimit(money: Money | undefined): Amount {
  return requirePositive(readMoney(money, "limit"), "limit");
}

/** Returns the amount of a charge. Throws invalid_argument when it is negative. */
export function readCharge(money: Money | undefined): Amount {
  const amount = readMoney(money, "amount");
  if (amount.minorUnits < 0n) {
    throw new ConnectError(
      `amount is ${format(amount)}: send zero or more, or call Refund to reverse a charge`,
      Code.InvalidArgument,
    );
  }
  return amount;
}

/** Returns the amount of a refund. Throws invalid_argument unless it is above zero. */
export function readRefund(money: Money | undefined): Amount {
  return requirePositive(readMoney(money, "amount"), "amount");
}

/**
 * Checks that so much of a capture is left to refund. Throws invalid_argument for another currency than that
 * of the capture, and out_of_range beyond what is left.
 */
export function checkRefund(refund: Amount, left: Amount): void {
  const { currency, minorUnits } = left;
  if (refund.currency !== currency) {
    throw new ConnectError(
      `the capture is in ${currency}, the refund is in ${refund.currency}: refund in ${currency}`,
      Code.InvalidArgument,
    );
  }
  if (refund.minorUnits > minorUnits) {
    throw new ConnectError(
      `the refund of ${format(refund)} exceeds what is captured and not refunded: refund at most ${minorUnits}`,
      Code.OutOfRange,
    );
  }
}

/**
 * Checks that the tab has room for a charge. Throws invalid_argument for another currency than the
 * tab's, and out_of_range beyond its limit.
 */
export function checkCharge(charge: Amount, tab: { limit: Amount; balance: bigint }): void {
  const { currency } = tab.limit;
  if (charge.currency !== currency) {
    throw new ConnectError(
      `the tab is in ${currency}, the charge is in ${charge.currency}: charge in ${currency}`,
      Code.InvalidArgument,
    );
  }
  const left = tab.limit.minorUnits - tab.balance;
  if (charge.minorUnits > left) {
    throw new ConnectError(
      `the charge of ${format(charge)} exceeds what is left of the limit ${format(tab.limit)}: charge at most ${left}`,
      Code.OutOfRange,
    );
  }
}

function requirePositive(amount: Amount, field: string): Amount {
  if (amount.minorUnits > 0n) return amount;
  throw new ConnectError(
    `${field} is ${format(amount)}: send an amount above zero, in minor units`,
    Code.InvalidArgument,
  );
}

function readMoney(money: Money | undefined, field: string): Amount {
  if (money === undefined) {
    throw new ConnectError(`${field} is missing: send it`, Code.InvalidArgument);
  }
  return { minorUnits: money.minorUnits, currency: money.currency };
}

function format(amount: Amount): string {
  return `${amount.minorUnits} ${amount.currency}`;
}
