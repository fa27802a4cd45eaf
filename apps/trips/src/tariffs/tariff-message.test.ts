import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type TariffTerms, TariffTermsSchema } from "@fanfare/contracts/trips/v1/tariffs";
import { describe, expect, it } from "vitest";
import { readTerms, toTariffMessage } from "./tariff-message.ts";

const euros = (minorUnits: bigint, currency = "EUR") => ({ minorUnits, currency });
const terms = {
  unlockFee: euros(0n),
  incrementPrice: euros(1n),
  increment: durationFromMs(1_000),
  maximumDrive: durationFromMs(3_600_000),
  cancellationGrace: durationFromMs(0),
};
type Terms = Exclude<MessageInitShape<typeof TariffTermsSchema>, TariffTerms>;
const read = (fields: Terms) =>
  readTerms("day", create(TariffTermsSchema, { ...terms, ...fields }));

function catchError(act: () => unknown): ConnectError {
  try {
    act();
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("expected an error, got none");
}

describe("readTerms()", () => {
  it("reads what toTariffMessage() returns", () => {
    const tariff = read({});
    expect(tariff).toEqual({
      id: "day",
      currency: "EUR",
      unlockFee: 0,
      incrementPrice: 1,
      incrementMs: 1_000,
      maximumDriveMs: 3_600_000,
      graceMs: 0,
    });
    const message = toTariffMessage(tariff);
    expect(create(TariffTermsSchema, message.terms)).toEqual(create(TariffTermsSchema, terms));
  });

  const unknown = euros(1n, "EUX");
  it.each<[string, Terms]>([
    ["the currency EUX is unknown", { unlockFee: unknown, incrementPrice: unknown }],
    ["the unlock fee is in EUR and the price in USD", { incrementPrice: euros(1n, "USD") }],
    ["unlock_fee is -1 minor units", { unlockFee: euros(-1n) }],
    ["increment_price is 9007199254740993", { incrementPrice: euros(2n ** 53n + 1n) }],
    ["the increment is 0 ms", { increment: durationFromMs(0) }],
    ["increment is 0.5 ms", { increment: { nanos: 500_000 } }],
    ["the grace of 3600000 ms is not shorter", { cancellationGrace: durationFromMs(3_600_000) }],
    ["the longest drive costs 0 minor units", { incrementPrice: euros(0n) }],
    ["the longest drive costs 360000000000", { incrementPrice: euros(100_000_000n) }],
  ])("throws invalid_argument: %s", (message, fields) => {
    const refusal = catchError(() => read(fields));
    expect(refusal.code).toBe(Code.InvalidArgument);
    expect(refusal.rawMessage).toContain(message);
  });
});
