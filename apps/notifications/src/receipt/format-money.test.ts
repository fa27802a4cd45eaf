import { describe, expect, it } from "vitest";
import { formatMoney } from "./format-money.ts";

describe("formatMoney()", () => {
  it.each([
    ["en", 1250n, "EUR", "€12.50"],
    ["en", 5n, "EUR", "€0.05"],
    ["en", 0n, "USD", "$0.00"],
    ["en", -5n, "EUR", "-€0.05"],
    ["en", 1250n, "JPY", "¥1,250"],
    ["en", 1250n, "KWD", "KWD 1.250"],
    ["en", 123050n, "HUF", "HUF 1,230.50"],
    ["en", 123456789n, "CHF", "CHF 1,234,567.89"],
    ["en", 9007199254740993n, "EUR", "€90,071,992,547,409.93"],
    ["en-GB", 1250n, "USD", "US$12.50"],
    ["de", 123450n, "EUR", "1.234,50 €"],
    ["de", -5n, "EUR", "-0,05 €"],
    ["de", 1250n, "JPY", "1.250 ¥"],
    ["de", 1250n, "TND", "1,250 TND"],
    ["de-AT", -300n, "EUR", "-€ 3,00"],
    ["de-CH", -123450n, "CHF", "CHF-1'234.50"],
  ])("writes in %s %d minor units of %s as %s", (locale, minorUnits, currency, text) => {
    expect(formatMoney({ minorUnits, currency }, locale).replaceAll("\u00a0", " ")).toBe(text);
  });

  it("throws for a text that cannot be a currency", () => {
    expect(() => formatMoney({ minorUnits: 1n, currency: "€" }, "en")).toThrow(RangeError);
  });
});
