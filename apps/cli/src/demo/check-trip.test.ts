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
  steps: ["take-up"],
  undone: [],
  effects: { revenue: 1, audit: 1, notifications: 1 },
};
const declined: DemoTrip = {
  story: "declined",
  tripId: "t2",
  status: "CANCELLED",
  steps: ["take-up", "reserve-vehicle", "open-tab"],
  undone: ["open-tab", "reserve-vehicle", "take-up"],
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

  it("finds a wrong end, and what was not undone or should not have been", () => {
    expect(problemsOf({ ...declined, status: "ACTIVE", undone: [] }, storyOf("declined"))).toEqual([
      "the declined trip t2: it is ACTIVE and not CANCELLED",
      "the declined trip t2: not undone: reserve-vehicle, take-up",
    ]);
    expect(problemsOf({ ...completed, undone: ["take-up"] }, storyOf("completed"))).toEqual([
      "the completed trip t1: undone, and should not be: take-up",
    ]);
  });
});
