import { describe, expect, it } from "vitest";
import { createBackoff } from "./backoff.ts";

describe("createBackoff()", () => {
  it("doubles up to its maximum", () => {
    const backoff = createBackoff({ initialIntervalMs: 100, maxIntervalMs: 1_000, jitter: 0 });
    expect([1, 2, 3, 4, 5, 5_000].map(backoff)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("subtracts up to the jitter", () => {
    const options = { initialIntervalMs: 100, maxIntervalMs: 1_000, jitter: 0.5 };
    expect(createBackoff(options, () => 1)(1)).toBe(50);
    expect(createBackoff(options, () => 0)(1)).toBe(100);
  });

  it.each([
    { initialIntervalMs: 0 },
    { initialIntervalMs: 10, maxIntervalMs: 5 },
    { maxIntervalMs: Number.POSITIVE_INFINITY },
    { jitter: 1.1 },
    { jitter: Number.NaN },
  ])("rejects %j", (options) => {
    expect(() => createBackoff(options)).toThrow(
      expect.objectContaining({ code: "invalid_argument" }),
    );
  });
});
