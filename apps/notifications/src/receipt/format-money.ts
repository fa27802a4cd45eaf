import { countMinorDigits } from "@fanfare/contracts/minor-units";

/** An amount in the minor unit of a currency. */
export interface Amount {
  readonly minorUnits: bigint;
  readonly currency: string;
}

/**
 * Formats an amount for a locale, with as many digits as the minor unit of its currency has: €12.50 and ¥1,250 in
 * English, 12,50 € in German. Throws a RangeError for a currency that no ISO 4217 code can be.
 */
export function formatMoney({ minorUnits, currency }: Amount, locale: string): string {
  const digits = countMinorDigits(currency);
  const fractionDigits = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat(locale, { style: "currency", currency, ...fractionDigits });
  // Intl formats a decimal text exactly; a number would be rounded.
  const decimal = `${minorUnits}E-${digits}`;
  if (!isDecimal(decimal)) throw new Error(`expected a decimal number, got ${decimal}`);
  return format.format(decimal);
}

function isDecimal(text: string): text is `${number}` {
  return !Number.isNaN(Number(text));
}
