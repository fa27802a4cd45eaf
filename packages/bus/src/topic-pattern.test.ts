import { describe, expect, it } from "vitest";
import { patternOf } from "./topic-pattern.ts";

const topics = ["trips.completed", "trips.eu.completed", "vehicles.moved", "trips"];

describe("patternOf()", () => {
  it.each([
    ["trips.completed", ["trips.completed"]],
    ["trips.*", ["trips.completed"]],
    ["*.moved", ["vehicles.moved"]],
    ["trips.>", ["trips.completed", "trips.eu.completed"]],
    ["*.*.completed", ["trips.eu.completed"]],
    [">", topics],
    ["trip.*", []],
  ])("selects by %s", (pattern, selected) => {
    expect(topics.filter(patternOf(pattern))).toEqual(selected);
  });

  it.each(["", "trips.", "trips.>.completed", "tri*", "Trips.*"])("refuses %j", (pattern) => {
    expect(() => patternOf(pattern)).toThrow("is no pattern of topics");
  });
});
