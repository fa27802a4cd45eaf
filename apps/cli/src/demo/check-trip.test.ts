import { describe, expect, it } from "vitest";
import { checkTrip } from "./check-trip.ts";
import type { DemoTrip } from "./play-story.ts";
import { type Story, stories } from "./stories.ts";

function findStory(name: Story["name"]): Story {
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

describe("checkTrip()", () => {
  it("finds none where all is as the story has it", () => {
    expect(checkTrip(completed, findStory("completed"))).toEqual([]);
    expect(checkTrip(declined, findStory("declined"))).toEqual([]);
  });

  it("finds a missing, a doubled and an undue effect", () => {
    const effects = { revenue: 0, audit: 2, notifications: 1 };
    expect(checkTrip({ ...completed, effects }, findStory("completed"))).toEqual([
      "the completed trip t1: revenue has 0 effects of it and not 1",
      "the completed trip t1: audit has 2 effects of it and not 1",
    ]);
    expect(checkTrip({ ...declined, effects }, findStory("declined"))).toHaveLength(2);
  });

  it("finds a wrong end, and what was not compensated or should not have been", () => {
    expect(
      checkTrip({ ...declined, status: "ACTIVE", compensated: [] }, findStory("declined")),
    ).toEqual([
      "the declined trip t2: it is ACTIVE and not CANCELLED",
      "the declined trip t2: not compensated: reserve-vehicle, accept-trip",
    ]);
    expect(
      checkTrip({ ...completed, compensated: ["accept-trip"] }, findStory("completed")),
    ).toEqual(["the completed trip t1: compensated, and should not be: accept-trip"]);
  });
});
