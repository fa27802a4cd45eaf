import { create } from "@bufbuild/protobuf";
import { MoneySchema } from "@fanfare/contracts/money/v1/money";
import { describe, expect, it } from "vitest";
import { formatMoney } from "./format-money.ts";

describe("formatMoney()", () => {
  it.each([
    [1250n, "EUR", "€12.50"],
    [5n, "EUR", "€0.05"],
    [0n, "USD", "$0.00"],
    [-5n, "EUR", "-€0.05"],
    [1250n, "JPY", "¥1,250"],
    [1250n, "KWD", "KWD\u00a01.250"],
    [123050n, "HUF", "HUF\u00a01,230.50"],
    [123456789n, "CHF", "CHF\u00a01,234,567.89"],
    [9007199254740991n, "EUR", "€90,071,992,547,409.91"],
  ])("writes %d minor units of %s as %s", (minorUnits, currency, text) => {
    expect(formatMoney(create(MoneySchema, { minorUnits, currency }))).toBe(text);
  });

  it("throws for an unknown currency", () => {
    expect(() => formatMoney(create(MoneySchema, { minorUnits: 1n, currency: "€" }))).toThrow(
      RangeError,
    );
  });
});
