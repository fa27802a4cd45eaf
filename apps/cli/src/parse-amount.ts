import { countMinorDigits } from "@fanfare/contracts/minor-units";
import { CliError } from "./cli-error.ts";

/** Returns an amount such as 1.30 in minor units of the currency, exactly. */
export function parseAmount(text: string, currency: string): bigint {
  checkCurrency(currency);
  const digits = countMinorDigits(currency);
  const [, whole, fraction = ""] = /^(\d{1,12})(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined || fraction.length > digits) {
    throw new CliError(
      `expected an amount in ${currency} with at most ${digits} decimals, got "${text}"`,
    );
  }
  return BigInt(whole + fraction.padEnd(digits, "0"));
}

function checkCurrency(currency: string): void {
  if (/^[A-Z]{3}$/.test(currency)) return;
  throw new CliError(`expected an ISO 4217 code such as EUR, got "${currency}"`);
}
