import { describe, expect, it } from "vitest";
import { deadFilter, deadStream, deadSubject, replaySubject, topicOfDead } from "./dead-subject.ts";

describe("the subjects of dead letters", () => {
  it("are a group's own, and none of a topic", () => {
    const subject = deadSubject("fanfare", "revenue", "trips.completed");
    expect(subject).toBe("fanfare._dead.revenue.trips.completed");
    expect(topicOfDead("fanfare", "revenue", subject)).toBe("trips.completed");
    expect(deadFilter("fanfare", "revenue")).toBe("fanfare._dead.revenue.>");
    expect(deadStream("fanfare", "my_group")).toBe("fanfare___dead_my__group");
  });

  it("refuse names that would be somebody else's", () => {
    expect(() => deadSubject("fanfare", "a.b", "trips")).toThrow('group "a.b"');
    expect(() => deadSubject("fanfare", "revenue", "trips.>")).toThrow('topic "trips.>"');
  });
});

describe("replaySubject()", () => {
  it("is taken by one group alone", () => {
    const subject = replaySubject("fanfare", "trips.completed", "revenue");
    expect(subject).toBe("fanfare.trips.completed._replay.revenue");
  });
});
