import { countMinorDigits } from "@fanfare/contracts/minor-units";

/** An amount in minor units of a currency. */
export interface RefundAmount {
  readonly minorUnits: bigint;
  readonly currency: string;
}

/** Formats an amount that is not negative in units of its currency, such as `1.30 EUR`. */
export function formatAmount({ minorUnits, currency }: RefundAmount): string {
  const digits = countMinorDigits(currency);
  const text = String(minorUnits).padStart(digits + 1, "0");
  const fraction = digits === 0 ? "" : `.${text.slice(-digits)}`;
  return `${text.slice(0, text.length - digits)}${fraction} ${currency}`;
}
