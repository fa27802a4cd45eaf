import { describe, expect, it } from "vitest";
import { deadFilter, deadStream, deadSubject, replaySubject, topicOfDead } from "./dead-subject.ts";

describe("the subjects of dead letters", () => {
  it("are a group's own, and none of a topic", () => {
    const subject = deadSubject("fanfare", "pricing", "trips.completed");
    expect(subject).toBe("fanfare._dead.pricing.trips.completed");
    expect(topicOfDead("fanfare", "pricing", subject)).toBe("trips.completed");
    expect(deadFilter("fanfare", "pricing")).toBe("fanfare._dead.pricing.>");
    expect(deadStream("fanfare", "my_group")).toBe("fanfare___dead_my__group");
  });

  it("refuse names that would be somebody else's", () => {
    expect(() => deadSubject("fanfare", "a.b", "trips")).toThrow('group "a.b"');
    expect(() => deadSubject("fanfare", "pricing", "trips.>")).toThrow('topic "trips.>"');
  });
});

describe("replaySubject()", () => {
  it("is taken by one group alone", () => {
    const subject = replaySubject("fanfare", "trips.completed", "pricing");
    expect(subject).toBe("fanfare.trips.completed._replay.pricing");
  });
});
