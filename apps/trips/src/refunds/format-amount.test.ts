import { expect, it } from "vitest";
import { formatAmount } from "./format-amount.ts";

it.each([
  [0n, "EUR", "0.00 EUR"],
  [7n, "EUR", "0.07 EUR"],
  [1350n, "EUR", "13.50 EUR"],
  [1350n, "JPY", "1350 JPY"],
  [1350n, "KWD", "1.350 KWD"],
])("formats %s minor units of %s", (minorUnits, currency, text) => {
  expect(formatAmount({ minorUnits, currency })).toBe(text);
});
