import { describe, expect, it } from "vitest";
import { describeReason } from "./describe-reason.ts";

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const { proxy: revokedErrors, revoke: revokeErrors } = Proxy.revocable([], {});
revokeErrors();

class Throwing extends Error {
  override get message(): string {
    throw new Error("no message");
  }
}

describe("describeReason()", () => {
  it("returns the name and the message, and prints what has none", () => {
    const cases: [unknown, string][] = [
      [new Error("no"), "no"],
      [new TypeError("no"), "TypeError: no"],
      [new RangeError(""), "RangeError"],
      ["no", "no"],
      ["", "an empty string was thrown"],
      [7, "7"],
      [undefined, "undefined"],
      [Symbol("no"), "Symbol(no)"],
      [{ code: 7 }, "{ code: 7 }"],
      [Object.assign(Object.create(null), { code: 7 }), "[Object: null prototype] { code: 7 }"],
      [{ message: "no" }, "no"],
      [new Throwing(), "Error"],
    ];
    for (const [reason, text] of cases) expect(describeReason(reason)).toBe(text);
  });

  it("describes what others cannot", () => {
    expect(describeReason(revoked)).toBe("<Revoked Proxy>");
    const odd = Object.assign(new Error("no"), { message: 7, name: Symbol("x") });
    expect(describeReason(odd)).toMatch(/Error/);
  });

  it("includes causes and the errors of an aggregate, each once", () => {
    const refused = new Error("connect ECONNREFUSED");
    const both = new AggregateError([refused, new Error("no route")]);
    const failure = new Error("cannot connect", { cause: both });
    expect(describeReason(failure)).toBe(
      "cannot connect (AggregateError; connect ECONNREFUSED; no route)",
    );
    const described = new Error(describeReason(both), { cause: both });
    expect(describeReason(described)).toBe("AggregateError (connect ECONNREFUSED; no route)");
    const wrapped = new Error("cannot connect: no route", { cause: new Error("no route") });
    expect(describeReason(wrapped)).toBe("cannot connect: no route");
    expect(describeReason({ message: "no", errors: revokedErrors })).toBe("no");
  });

  it("ends at cycles, and bounds its length", () => {
    const error = new Error("one");
    error.cause = new Error("two", { cause: error });
    expect(describeReason(error)).toBe("one (two)");
    expect(describeReason(new Error("x".repeat(10_000)))).toHaveLength(4_000);
    const many = new AggregateError(
      Array.from({ length: 99 }, (_, index) => `e${index}`),
      "many",
    );
    expect(describeReason(many)).toBe("AggregateError: many (e0; e1; e2; e3; e4; e5; e6; e7)");
  });
});
