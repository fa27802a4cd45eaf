import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { checkCharge, readCharge, readLimit, toMoney } from "./amounts.ts";

function codeOf(run: () => unknown): Code | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return ConnectError.from(error).code;
  }
}

describe("readLimit()", () => {
  it("takes what is above zero", () => {
    expect(readLimit(toMoney(1n, "EUR"))).toEqual({ minorUnits: 1n, currency: "EUR" });
    expect(codeOf(() => readLimit(toMoney(0n, "EUR")))).toBe(Code.InvalidArgument);
    expect(codeOf(() => readLimit(undefined))).toBe(Code.InvalidArgument);
  });
});

describe("readCharge()", () => {
  it("takes what is not negative", () => {
    expect(readCharge(toMoney(0n, "EUR"))).toEqual({ minorUnits: 0n, currency: "EUR" });
    expect(codeOf(() => readCharge(toMoney(-1n, "EUR")))).toBe(Code.InvalidArgument);
  });
});

describe("checkCharge()", () => {
  const tab = { limit: { minorUnits: 5000n, currency: "EUR" }, balance: 4000n };

  it.each([
    { charge: { minorUnits: 1000n, currency: "EUR" }, code: undefined },
    { charge: { minorUnits: 1001n, currency: "EUR" }, code: Code.OutOfRange },
    { charge: { minorUnits: 2n ** 63n - 1n, currency: "EUR" }, code: Code.OutOfRange },
    { charge: { minorUnits: 1n, currency: "USD" }, code: Code.InvalidArgument },
  ])("judges $charge.minorUnits $charge.currency", ({ charge, code }) => {
    expect(codeOf(() => checkCharge(charge, tab))).toBe(code);
  });
});
