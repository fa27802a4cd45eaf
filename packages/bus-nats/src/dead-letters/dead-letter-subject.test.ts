import { describe, expect, it } from "vitest";
import {
  formatDeadLetterFilter,
  formatDeadLetterStream,
  formatDeadLetterSubject,
  formatReplaySubject,
  parseDeadLetterTopic,
} from "./dead-letter-subject.ts";

describe("formatDeadLetterSubject()", () => {
  it("returns subjects of one group, which are no topic's", () => {
    const subject = formatDeadLetterSubject("fanfare", "revenue", "trips.completed");
    expect(subject).toBe("fanfare._dead.revenue.trips.completed");
    expect(parseDeadLetterTopic("fanfare", "revenue", subject)).toBe("trips.completed");
    expect(formatDeadLetterFilter("fanfare", "revenue")).toBe("fanfare._dead.revenue.>");
    expect(formatDeadLetterStream("fanfare", "my_group")).toBe("fanfare___dead_my__group");
  });

  it("throws for names that would match other subjects", () => {
    expect(() => formatDeadLetterSubject("fanfare", "a.b", "trips")).toThrow(
      '"a.b" is not a group name',
    );
    expect(() => formatDeadLetterSubject("fanfare", "revenue", "trips.>")).toThrow(
      'topic "trips.>"',
    );
  });
});

describe("formatReplaySubject()", () => {
  it("returns a subject that one group receives", () => {
    const subject = formatReplaySubject("fanfare", "trips.completed", "revenue");
    expect(subject).toBe("fanfare.trips.completed._replay.revenue");
  });
});
