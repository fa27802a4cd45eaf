import { describe, expect, it } from "vitest";
import { parseTopicPattern } from "./topic-pattern.ts";

const topics = ["trips.completed", "trips.eu.completed", "vehicles.moved", "trips"];

describe("parseTopicPattern()", () => {
  it.each([
    ["trips.completed", ["trips.completed"]],
    ["trips.*", ["trips.completed"]],
    ["*.moved", ["vehicles.moved"]],
    ["trips.>", ["trips.completed", "trips.eu.completed"]],
    ["*.*.completed", ["trips.eu.completed"]],
    [">", topics],
    ["trip.*", []],
  ])("selects topics by %s", (pattern, selected) => {
    expect(topics.filter(parseTopicPattern(pattern))).toEqual(selected);
  });

  it.each(["", "trips.", "trips.>.completed", "tri*", "Trips.*"])("rejects %j", (pattern) => {
    expect(() => parseTopicPattern(pattern)).toThrow("is not a topic pattern");
  });
});
