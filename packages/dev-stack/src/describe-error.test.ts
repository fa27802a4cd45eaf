import { expect, it } from "vitest";
import { describeError } from "./describe-error.ts";

it("describes every value that may be thrown", () => {
  const { proxy: revoked, revoke } = Proxy.revocable(new Error("gone"), {});
  revoke();
  expect(describeError(new Error("no"))).toBe("no");
  expect(describeError(new TypeError("fetch failed", { cause: new Error("away") }))).toBe("away");
  expect(describeError("late")).toBe("late");
  expect(describeError(revoked)).toBe("<Revoked Proxy>");
  expect(describeError(Object.create(null))).toBe("[Object: null prototype] {}");
});
