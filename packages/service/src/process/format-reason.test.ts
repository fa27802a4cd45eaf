import { describe, expect, it } from "vitest";
import { createOddReasons } from "../../test/odd-reasons.ts";
import { formatReason } from "./format-reason.ts";

const refused = [
  new Error("connect ECONNREFUSED ::1"),
  new Error("connect ECONNREFUSED 127.0.0.1"),
];

describe("formatReason()", () => {
  it("returns the message of an error and of what it wraps, each once", () => {
    expect(formatReason(new Error("no connection"))).toBe("no connection");
    expect(formatReason(new AggregateError(refused))).toBe(
      "connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1",
    );
    expect(formatReason(new Error("", { cause: refused[0] }))).toBe("connect ECONNREFUSED ::1");
    const failed = new Error("fetch failed", { cause: refused[0] });
    expect(formatReason(failed)).toBe("fetch failed (connect ECONNREFUSED ::1)");
    const wrapped = new Error("fleet: fetch failed", { cause: failed });
    expect(formatReason(wrapped)).toBe("fleet: fetch failed (connect ECONNREFUSED ::1)");
    expect(formatReason(new TypeError())).toBe("TypeError");
    expect(formatReason("late")).toBe("late");
    expect(formatReason("")).toBe("an empty text was thrown");
  });

  it("describes every value that may be thrown", () => {
    const { nullPrototype, revoked, revokedError, throwing, cycle, aggregate, cause } =
      createOddReasons();
    expect(formatReason(nullPrototype)).toBe("[Object: null prototype] { code: 7 }");
    expect(formatReason(revoked)).toBe("<Revoked Proxy>");
    expect(formatReason(revokedError)).toBe("<Revoked Proxy>");
    expect(formatReason(throwing)).toBe("ThrowingError");
    expect(formatReason(cycle)).toBe("one (two)");
    expect(formatReason(aggregate)).toBe("many (first; <Revoked Proxy>)");
    expect(formatReason(cause)).toBe("wrapped (<Revoked Proxy>)");
    expect(formatReason(undefined)).toBe("undefined");
    expect(formatReason(Symbol("no"))).toBe("Symbol(no)");
  });

  it("redacts credentials, and bounds its length", () => {
    const failed = new Error("nats://app:secret@host refuses the login");
    expect(formatReason(new Error("away", { cause: failed }))).not.toContain("secret");
    expect(formatReason(new Error("x".repeat(10_000)))).toHaveLength(4_000);
  });
});
