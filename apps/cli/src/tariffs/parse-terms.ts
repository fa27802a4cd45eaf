import { CliError } from "../cli-error.ts";
import { parseAmount } from "../parse-amount.ts";

/** The terms of a tariff, as an operator writes them. */
export interface TermFlags {
  readonly currency?: string;
  readonly unlockFee?: string;
  readonly price?: string;
  readonly increment?: string;
  readonly maximumDrive?: string;
  readonly grace?: string;
}

/** The terms of a tariff. Amounts are in minor units of `currency`, durations in milliseconds. */
export interface ParsedTerms {
  readonly currency: string;
  readonly unlockFee: bigint;
  readonly price: bigint;
  readonly incrementMs: number;
  readonly maximumDriveMs: number;
  readonly graceMs: number;
}

const names = ["currency", "unlockFee", "price", "increment", "maximumDrive", "grace"] as const;

/** Reads the terms of a tariff. Returns undefined when there are none, and throws when some are missing. */
export function parseTerms(flags: TermFlags): ParsedTerms | undefined {
  const missing = names.filter((name) => flags[name] === undefined).map(toFlag);
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    throw new CliError(
      `expected all terms of the new tariff, got none of ${missing.join(", ")}: set them, or leave all out to choose a tariff that exists`,
    );
  }
  const { currency = "", unlockFee = "", price = "", increment = "" } = flags;
  const { maximumDrive = "", grace = "" } = flags;
  return {
    currency,
    unlockFee: parseAmount(unlockFee, currency),
    price: parseAmount(price, currency),
    incrementMs: parseDuration(increment),
    maximumDriveMs: parseDuration(maximumDrive),
    graceMs: parseDuration(grace),
  };
}

function toFlag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function parseDuration(text: string): number {
  const [, count, unit = ""] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? Number.NaN);
  if (Number.isSafeInteger(ms)) return ms;
  throw new CliError(`expected a duration such as 500ms, 60s, 2m or 8h, got "${text}"`);
}
