import type { Money } from "@fanfare/contracts/money/v1/money";

/**
 * moneyText writes an amount as people do, with as many digits as its currency has: €12.50, ¥1,250.
 * RangeError for a currency that is no ISO 4217 code.
 */
export function moneyText({ minorUnits, currency }: Money): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const unit = 10n ** BigInt(digits);
  const amount = minorUnits < 0n ? -minorUnits : minorUnits;
  // The whole part as a bigint, which Intl writes exactly, and its zeros replaced.
  const fraction = String(amount % unit).padStart(digits, "0");
  const parts = format
    .formatToParts(amount / unit)
    .map((part) => (part.type === "fraction" ? fraction : part.value));
  return (minorUnits < 0n ? "-" : "") + parts.join("");
}
