import { expect, it } from "vitest";
import { createFailurePauses } from "./failure-pauses.ts";

it("pauses an item for longer after each failure, until it succeeds", () => {
  let now = 0;
  const pauses = createFailurePauses(() => now);
  const measurePause = () => {
    pauses.fail("a");
    const began = now;
    while (pauses.isPaused("a")) now += 500;
    return now - began;
  };
  expect([measurePause(), measurePause(), measurePause()]).toEqual([1_000, 2_000, 4_000]);
  for (let failure = 0; failure < 2_000; failure += 1) pauses.fail("a");
  expect(measurePause()).toBe(5 * 60_000);
  pauses.succeed("a");
  expect(pauses.isPaused("a")).toBe(false);
  expect(measurePause()).toBe(1_000);
});

it("pauses no other item", () => {
  const pauses = createFailurePauses(() => 0);
  pauses.fail("a");
  expect(pauses.isPaused("a")).toBe(true);
  expect(pauses.isPaused("b")).toBe(false);
});
