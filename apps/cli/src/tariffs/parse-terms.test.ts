import { describe, expect, it } from "vitest";
import { parseTerms } from "./parse-terms.ts";

const flags = {
  currency: "EUR",
  unlockFee: "1",
  price: "0.3",
  increment: "60s",
  maximumDrive: "8h",
  grace: "2m",
};

describe("parseTerms()", () => {
  it("reads amounts in minor units and durations in milliseconds", () => {
    expect(parseTerms(flags)).toEqual({
      currency: "EUR",
      unlockFee: 100n,
      price: 30n,
      incrementMs: 60_000,
      maximumDriveMs: 28_800_000,
      graceMs: 120_000,
    });
    const yen = parseTerms({ ...flags, currency: "JPY", price: "7", increment: "500ms" });
    expect(yen).toMatchObject({ unlockFee: 1n, price: 7n, incrementMs: 500 });
    expect(parseTerms({ ...flags, currency: "KWD" })).toMatchObject({ price: 300n });
    // People write no fraction of it, and its minor unit is a hundredth.
    expect(parseTerms({ ...flags, currency: "HUF" })).toMatchObject({
      unlockFee: 100n,
      price: 30n,
    });
  });

  it("returns undefined without terms", () => {
    expect(parseTerms({})).toBeUndefined();
  });

  it.each([
    [
      { grace: "2m" },
      "got none of --currency, --unlock-fee, --price, --increment, --maximum-drive",
    ],
    [{ ...flags, price: "0.305" }, 'at most 2 decimals, got "0.305"'],
    [{ ...flags, price: "-1" }, 'got "-1"'],
    [{ ...flags, currency: "euro" }, 'got "euro"'],
    [{ ...flags, grace: "2 minutes" }, 'got "2 minutes"'],
  ])("throws on anything else: %o", (wrong, message) => {
    expect(() => parseTerms(wrong)).toThrow(message);
  });
});
