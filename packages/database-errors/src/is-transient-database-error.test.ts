import { describe, expect, it } from "vitest";
import { isTransientDatabaseError } from "./is-transient-database-error.ts";

const withCode = (code: string) => Object.assign(new Error("x"), { code });

describe("isTransientDatabaseError()", () => {
  it.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "57P01",
    "57P03",
    "40001",
    "40P01",
    "53300",
    "08006",
    "55P03",
    "57014",
    "25P03",
    "53200",
  ])("is true for %s", (code) => {
    expect(isTransientDatabaseError(withCode(code))).toBe(true);
  });

  it("looks through errors that wrap others", () => {
    const wrapped = new Error("cannot store", { cause: withCode("40001") });
    expect(isTransientDatabaseError(wrapped)).toBe(true);
  });

  it("is true for errors of pg that have no code", () => {
    expect(isTransientDatabaseError(new Error("Connection terminated unexpectedly"))).toBe(true);
    expect(isTransientDatabaseError(new Error("timeout exceeded when trying to connect"))).toBe(
      true,
    );
  });

  it("is false for mistakes", () => {
    expect(isTransientDatabaseError(withCode("23505"))).toBe(false);
    expect(isTransientDatabaseError(withCode("42P01"))).toBe(false);
    expect(isTransientDatabaseError(new Error("x"))).toBe(false);
    expect(isTransientDatabaseError("Connection terminated")).toBe(false);
  });

  it("takes any value, also one that cannot be read", () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    const nullPrototype = Object.assign(Object.create(null), { code: 7 });
    for (const odd of [proxy, new Error("x", { cause: proxy }), nullPrototype, undefined, null]) {
      expect(isTransientDatabaseError(odd)).toBe(false);
    }
    expect(isTransientDatabaseError(new AggregateError([proxy, withCode("40001")]))).toBe(true);
  });
});
