import { z } from "zod";
import { defineVariable, type Variable } from "../config/variable.ts";
import type { RetentionDays } from "./pruned-table.ts";

/** The default of a retention, and the least that it may be. */
export interface RetentionOptions {
  /** What is kept, as the start of a sentence: "Idempotency keys". */
  readonly about: string;
  /** The default, in days. */
  readonly days: RetentionDays;
  /** What the retention has to exceed, in days, and why. */
  readonly above?: { readonly days: number; readonly reason: string };
}

const maxDays = 36_500;

/**
 * Defines the variable of a retention: a whole number of days, or `never` for rows that are kept. A retention
 * that does not exceed its least is refused, with the reason.
 *
 * @example
 * const retention = defineRetentionVariable("NOTE_RETENTION_DAYS", {
 *   about: "Notes",
 *   days: 90,
 *   above: { days: 30, reason: "a draft that is 30 days old may still refer to a note" },
 * });
 */
export function defineRetentionVariable(
  name: string,
  { about, days, above }: RetentionOptions,
): Variable<RetentionDays> {
  const least = above?.days ?? 0;
  const schema = z
    .string()
    .default(String(days))
    .refine(
      (text) => text === "never" || isWholeDays(text),
      `it is neither a whole number of days up to ${maxDays} nor never`,
    )
    .transform((text): RetentionDays => (text === "never" ? "never" : Number(text)))
    .refine(
      (value) => value === "never" || value > least,
      above === undefined
        ? "it has to be above 0"
        : `it has to be above ${above.days}, as ${above.reason}`,
    );
  const sentence = `${about} are removed after as many days; never: they are kept.`;
  return defineVariable(name, schema, { about: sentence, example: String(days) });
}

function isWholeDays(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= maxDays;
}
