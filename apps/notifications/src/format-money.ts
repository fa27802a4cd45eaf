import { countMinorDigits } from "@fanfare/contracts/minor-units";
import type { Money } from "@fanfare/contracts/money/v1/money";

/**
 * Formats an amount in English, with as many digits as its currency has: €12.50, ¥1,250. Throws a
 * RangeError for a currency that is not an ISO 4217 code.
 */
export function formatMoney({ minorUnits, currency }: Money): string {
  const digits = countMinorDigits(currency);
  const fractionDigits = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat("en", { style: "currency", currency, ...fractionDigits });
  const unit = 10n ** BigInt(digits);
  const amount = minorUnits < 0n ? -minorUnits : minorUnits;
  // Intl formats a bigint exactly, but without a fraction: its zeros are replaced.
  const fraction = String(amount % unit).padStart(digits, "0");
  const parts = format
    .formatToParts(amount / unit)
    .map((part) => (part.type === "fraction" ? fraction : part.value));
  return (minorUnits < 0n ? "-" : "") + parts.join("");
}
