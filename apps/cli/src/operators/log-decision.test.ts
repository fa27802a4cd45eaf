import { expect, it } from "vitest";
import { joinDetails } from "./log-decision.ts";

it("logs every detail, in as many entries as that takes", () => {
  expect(joinDetails([], 10)).toEqual([""]);
  expect(joinDetails(["a 1", "b 2", "c 3", "d 4"], 10)).toEqual(["a 1, b 2", "c 3, d 4"]);
  expect(joinDetails(["much too long"], 4)).toEqual(["much"]);
  const details = Array.from({ length: 2_000 }, (_, index) => `topic ${index} (id-${index})`);
  const texts = joinDetails(details, 10_000);
  expect(texts.join(", ")).toBe(details.join(", "));
  for (const text of texts) expect(text.length).toBeLessThanOrEqual(10_000);
});
