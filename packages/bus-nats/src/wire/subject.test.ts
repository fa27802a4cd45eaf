import { describe, expect, it } from "vitest";
import {
  checkPrefix,
  formatConsumerName,
  formatEventSubject,
  formatGroupSubjects,
  formatStreamName,
  formatStreamSubjects,
} from "./subject.ts";

describe("formatEventSubject()", () => {
  it("joins the prefix, the topic and the partition", () => {
    expect(formatEventSubject("fanfare", "trips.completed", 7)).toBe("fanfare.trips.completed.7");
  });

  it("throws for a topic that cannot be part of a subject", () => {
    for (const topic of ["", ".", "a.", "a..b", "a b", "a.*", ">", "a._replay", "é"]) {
      expect(() => formatEventSubject("fanfare", topic, 0)).toThrow(
        `topic "${topic}": use letters`,
      );
    }
  });
});

describe("checkPrefix()", () => {
  it("throws for a prefix that cannot begin a subject", () => {
    expect(() => checkPrefix("my.>")).toThrow('prefix "my.>": use letters');
    expect(() => checkPrefix("a_".repeat(20))).toThrow("use at most 50 characters");
  });
});

describe("formatStreamSubjects()", () => {
  it("includes the replays of all groups", () => {
    expect(formatStreamSubjects("fanfare", "a.b")).toEqual([
      "fanfare.a.b.*",
      "fanfare.a.b._replay.*",
    ]);
  });
});

describe("formatGroupSubjects()", () => {
  it("includes the replays of the group alone", () => {
    expect(formatGroupSubjects("fanfare", "a.b", "g")).toEqual([
      "fanfare.a.b.*",
      "fanfare.a.b._replay.g",
    ]);
  });
});

describe("formatStreamName()", () => {
  it("returns different names for different topics", () => {
    const topics = ["a.b", "a_b", "a-b", "a.b_c", "a_b.c", "ab"];
    const names = topics.map((topic) => formatStreamName("fanfare", topic));
    expect(names[0]).toBe("fanfare_a_b");
    expect(new Set(names).size).toBe(topics.length);
  });
});

describe("formatConsumerName()", () => {
  it("returns the group's name, and throws when it cannot name a consumer", () => {
    expect(formatConsumerName("price-watch_2")).toBe("price-watch_2");
    for (const group of ["", "a.b", "a b", "*", "Readers", "a".repeat(65)]) {
      expect(() => formatConsumerName(group)).toThrow(`"${group}" is not a group name`);
    }
  });
});
