import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Money, MoneySchema } from "@fanfare/contracts/money/v1/money";
import type { Amount } from "@fanfare/trip-contract";

/** moneyOf makes the message of an amount. */
export function moneyOf({ minorUnits, currency }: Amount): MessageInitShape<typeof MoneySchema> {
  return { minorUnits: BigInt(minorUnits), currency };
}

/** amountOf makes plain JSON of money. It throws when the answer has none, or too much for a number. */
export function amountOf(money: Money | undefined, what: string): Amount {
  if (money === undefined) throw new Error(`the answer has no ${what}`);
  const minorUnits = Number(money.minorUnits);
  if (!Number.isSafeInteger(minorUnits)) throw new Error(`${what} is not a safe integer`);
  return { minorUnits, currency: money.currency };
}

/** timestampOf makes the message of an ISO time. */
export function timestampOf(iso: string): Timestamp {
  return timestampFromDate(new Date(iso));
}

/** isoOf makes an ISO time of a timestamp. It throws when the answer has none. */
export function isoOf(timestamp: Timestamp | undefined, what: string): string {
  if (timestamp === undefined) throw new Error(`the answer has no ${what}`);
  return timestampDate(timestamp).toISOString();
}
