import { describe, expect, it } from "vitest";
import {
  checkPrefix,
  consumerName,
  groupSubjects,
  streamName,
  streamSubjects,
  topicSubject,
} from "./subject.ts";

describe("subjects", () => {
  it("are the prefix, the topic and the partition", () => {
    expect(topicSubject("fanfare", "trips.completed", 7)).toBe("fanfare.trips.completed.7");
  });

  it("leave a group its own replays in the stream of the topic", () => {
    expect(streamSubjects("fanfare", "a.b")).toEqual(["fanfare.a.b.*", "fanfare.a.b._replay.*"]);
    expect(groupSubjects("fanfare", "a.b", "g")).toEqual([
      "fanfare.a.b.*",
      "fanfare.a.b._replay.g",
    ]);
  });

  it("come only from names that can be part of one", () => {
    for (const topic of ["", ".", "a.", "a..b", "a b", "a.*", ">", "a._replay", "é"]) {
      expect(() => topicSubject("fanfare", topic, 0)).toThrow(`topic "${topic}": use letters`);
    }
    expect(() => checkPrefix("my.>")).toThrow('prefix "my.>": use letters');
  });
});

describe("streamName()", () => {
  it("differs for topics that differ", () => {
    const topics = ["a.b", "a_b", "a-b", "a.b_c", "a_b.c", "ab"];
    const names = topics.map((topic) => streamName("fanfare", topic));
    expect(names[0]).toBe("fanfare_a_b");
    expect(new Set(names).size).toBe(topics.length);
  });
});

describe("consumerName()", () => {
  it("is the group's, where that can be one", () => {
    expect(consumerName("price-watch_2")).toBe("price-watch_2");
    for (const group of ["", "a.b", "a b", "*"]) {
      expect(() => consumerName(group)).toThrow(`group "${group}": use letters`);
    }
  });
});
