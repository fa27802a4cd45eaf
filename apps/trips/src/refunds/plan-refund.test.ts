import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { MoneySchema } from "@fanfare/contracts/money/v1/money";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRefund } from "./plan-refund.ts";

const settledTrip = {
  trip_id: "7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11",
  status: "SETTLED",
  settled: "1350",
  currency: "EUR",
} as const;
const money = (minorUnits: bigint, currency = "EUR") =>
  create(MoneySchema, { minorUnits, currency });

function catchError(run: () => unknown): ConnectError {
  try {
    run();
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("expected a refusal");
}

/** Returns the amount of a refund, and zero when it is refused. */
function planOrRefuse(reserved: bigint, minorUnits: bigint | undefined): bigint {
  try {
    const asked = minorUnits === undefined ? undefined : money(minorUnits);
    return planRefund(settledTrip, reserved, asked).minorUnits;
  } catch (error) {
    if (error instanceof ConnectError) return 0n;
    throw error;
  }
}

describe("planRefund()", () => {
  it("returns what is asked for, or everything that is left", () => {
    expect(planRefund(settledTrip, 0n, money(1350n)).minorUnits).toBe(1350n);
    expect(planRefund(settledTrip, 1000n, undefined)).toEqual({
      minorUnits: 350n,
      currency: "EUR",
    });
  });

  it.each([
    [
      "a trip that is not settled",
      { status: "ENDED" },
      money(1n),
      Code.FailedPrecondition,
      "ENDED",
    ],
    ["another currency", {}, money(1n, "USD"), Code.InvalidArgument, "refund in EUR"],
    ["zero", {}, money(0n), Code.InvalidArgument, "above zero"],
    ["a negative amount", {}, money(-1n), Code.InvalidArgument, "above zero"],
    ["more than is left", {}, money(351n), Code.OutOfRange, "refund at most 3.50 EUR"],
    [
      "a trip that cost nothing more",
      { settled: "1000" },
      undefined,
      Code.FailedPrecondition,
      "nothing",
    ],
  ] as const)("refuses %s", (_, fields, asked, code, text) => {
    const error = catchError(() => planRefund({ ...settledTrip, ...fields }, 1000n, asked));
    expect(error.code).toBe(code);
    expect(error.rawMessage).toContain(text);
  });

  it("M: never returns more than what is settled, whatever is asked for", () => {
    const amounts = fc.array(fc.option(fc.bigInt(-10n, 900n), { nil: undefined }));
    const property = fc.property(amounts, (asked) => {
      let refunded = 0n;
      for (const minorUnits of asked) {
        refunded += planOrRefuse(refunded, minorUnits);
        expect(refunded >= 0n && refunded <= 1350n).toBe(true);
      }
      expect(asked.includes(undefined) && refunded < 1350n).toBe(false);
    });
    fc.assert(property);
  });
});
