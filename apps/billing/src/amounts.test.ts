import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { checkCharge, readCharge, readLimit, toMoney } from "./amounts.ts";

function catchCode(run: () => unknown): Code | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return ConnectError.from(error).code;
  }
}

describe("readLimit()", () => {
  it("accepts amounts above zero", () => {
    expect(readLimit(toMoney(1n, "EUR"))).toEqual({ minorUnits: 1n, currency: "EUR" });
    expect(catchCode(() => readLimit(toMoney(0n, "EUR")))).toBe(Code.InvalidArgument);
    expect(catchCode(() => readLimit(undefined))).toBe(Code.InvalidArgument);
  });
});

describe("readCharge()", () => {
  it("accepts amounts of zero or more", () => {
    expect(readCharge(toMoney(0n, "EUR"))).toEqual({ minorUnits: 0n, currency: "EUR" });
    expect(catchCode(() => readCharge(toMoney(-1n, "EUR")))).toBe(Code.InvalidArgument);
  });
});

describe("checkCharge()", () => {
  const tab = { limit: { minorUnits: 5000n, currency: "EUR" }, balance: 4000n };

  it.each([
    { charge: { minorUnits: 1000n, currency: "EUR" }, code: undefined },
    { charge: { minorUnits: 1001n, currency: "EUR" }, code: Code.OutOfRange },
    { charge: { minorUnits: 2n ** 63n - 1n, currency: "EUR" }, code: Code.OutOfRange },
    { charge: { minorUnits: 1n, currency: "USD" }, code: Code.InvalidArgument },
  ])("accepts or refuses $charge.minorUnits $charge.currency", ({ charge, code }) => {
    expect(catchCode(() => checkCharge(charge, tab))).toBe(code);
  });
});
