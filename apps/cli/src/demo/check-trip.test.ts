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
  it("returns nothing for trips that match their story", () => {
    expect(checkTrip(completed, findStory("completed"))).toEqual([]);
    expect(checkTrip(declined, findStory("declined"))).toEqual([]);
  });

  it("reports missing, duplicated and unexpected effects", () => {
    const effects = { revenue: 0, audit: 2, notifications: 1 };
    expect(checkTrip({ ...completed, effects }, findStory("completed"))).toEqual([
      "completed trip t1: expected 1 effects in revenue, got 0",
      "completed trip t1: expected 1 effects in audit, got 2",
    ]);
    expect(checkTrip({ ...declined, effects }, findStory("declined"))).toHaveLength(2);
  });

  it("reports a wrong status, a missing compensation and an unexpected one", () => {
    expect(
      checkTrip({ ...declined, status: "ACTIVE", compensated: [] }, findStory("declined")),
    ).toEqual([
      "declined trip t2: expected CANCELLED, got ACTIVE",
      "declined trip t2: not compensated: reserve-vehicle, accept-trip",
    ]);
    expect(
      checkTrip({ ...completed, compensated: ["accept-trip"] }, findStory("completed")),
    ).toEqual(["completed trip t1: unexpectedly compensated: accept-trip"]);
  });
});
