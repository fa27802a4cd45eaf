import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Money, MoneySchema } from "@fanfare/contracts/money/v1/money";
import type { Amount } from "@fanfare/trip-contract";

/** Converts an amount to its message. */
export function toMoney({ minorUnits, currency }: Amount): MessageInitShape<typeof MoneySchema> {
  return { minorUnits: BigInt(minorUnits), currency };
}

/**
 * Converts money to an amount. Throws when it is missing or no safe integer; `name` is what the error
 * calls it.
 */
export function fromMoney(money: Money | undefined, name: string): Amount {
  if (money === undefined) throw new Error(`the answer has no ${name}`);
  const minorUnits = Number(money.minorUnits);
  if (!Number.isSafeInteger(minorUnits)) throw new Error(`${name} is not a safe integer`);
  return { minorUnits, currency: money.currency };
}

/** Converts an ISO time to a timestamp. */
export function toTimestamp(iso: string): Timestamp {
  return timestampFromDate(new Date(iso));
}

/** Converts a timestamp to an ISO time. Throws when it is missing; `name` is what the error calls it. */
export function fromTimestamp(timestamp: Timestamp | undefined, name: string): string {
  if (timestamp === undefined) throw new Error(`the answer has no ${name}`);
  return timestampDate(timestamp).toISOString();
}
