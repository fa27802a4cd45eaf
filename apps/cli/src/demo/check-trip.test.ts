import { describe, expect, it } from "vitest";
import { problemsOf } from "./check-trip.ts";
import { type Story, stories } from "./stories.ts";
import type { DemoTrip } from "./tell-story.ts";

function storyOf(name: Story["name"]): Story {
  const story = stories.find((one) => one.name === name);
  if (story === undefined) throw new Error(`there is no story ${name}`);
  return story;
}

const completed: DemoTrip = {
  story: "completed",
  tripId: "t1",
  status: "SETTLED",
  steps: ["accept-trip"],
  compensated: [],
  effects: { revenue: 1, audit: 1, notifications: 1 },
};
const declined: DemoTrip = {
  story: "declined",
  tripId: "t2",
  status: "CANCELLED",
  steps: ["accept-trip", "reserve-vehicle", "open-tab"],
  compensated: ["open-tab", "reserve-vehicle", "accept-trip"],
  effects: { revenue: 0, audit: 0, notifications: 0 },
};

describe("problemsOf()", () => {
  it("finds none where all is as the story has it", () => {
    expect(problemsOf(completed, storyOf("completed"))).toEqual([]);
    expect(problemsOf(declined, storyOf("declined"))).toEqual([]);
  });

  it("finds a missing, a doubled and an undue effect", () => {
    const effects = { revenue: 0, audit: 2, notifications: 1 };
    expect(problemsOf({ ...completed, effects }, storyOf("completed"))).toEqual([
      "the completed trip t1: revenue has 0 effects of it and not 1",
      "the completed trip t1: audit has 2 effects of it and not 1",
    ]);
    expect(problemsOf({ ...declined, effects }, storyOf("declined"))).toHaveLength(2);
  });

  it("finds a wrong end, and what was not compensated or should not have been", () => {
    expect(
      problemsOf({ ...declined, status: "ACTIVE", compensated: [] }, storyOf("declined")),
    ).toEqual([
      "the declined trip t2: it is ACTIVE and not CANCELLED",
      "the declined trip t2: not compensated: reserve-vehicle, accept-trip",
    ]);
    expect(
      problemsOf({ ...completed, compensated: ["accept-trip"] }, storyOf("completed")),
    ).toEqual(["the completed trip t1: compensated, and should not be: accept-trip"]);
  });
});
