import { expect, it } from "vitest";
import { formatReason } from "./format-reason.ts";

it("returns a readable reason for any value", () => {
  const refused = [
    new Error("connect ECONNREFUSED ::1"),
    new Error("connect ECONNREFUSED 127.0.0.1"),
  ];
  expect(formatReason(new Error("no connection"))).toBe("no connection");
  expect(formatReason(new AggregateError(refused))).toBe(
    "connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1",
  );
  expect(formatReason(new Error("", { cause: refused[0] }))).toBe("connect ECONNREFUSED ::1");
  expect(formatReason(new TypeError())).toBe("TypeError");
  expect(formatReason("late")).toBe("late");
  expect(formatReason(Object.create(null))).toBe("an error without a readable message");
});
