import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TripStep_State } from "@fanfare/contracts/trips/v1/trips";
import type { StepProgress } from "@fanfare/trip-contract";
import { describe, expect, it } from "vitest";
import type { PendingActivity } from "../temporal/trip-workflows.ts";
import { stepsOf } from "./trip-steps.ts";

const startedAt = "2026-05-01T10:00:00.000Z";
const finishedAt = "2026-05-01T10:00:01.000Z";

function steps(of: StepProgress[], ...pending: PendingActivity[]) {
  return stepsOf({ saga: { state: "forward", pivoted: false, steps: of }, pending });
}

describe("stepsOf()", () => {
  it("tells each step in the order in which they began, with its times", () => {
    const told = steps([
      { name: "accept-trip", state: "done", startedAt, finishedAt },
      { name: "open-tab", state: "compensated", startedAt, finishedAt, compensatedAt: finishedAt },
    ]);
    const [from, to] = [startedAt, finishedAt].map((iso) => timestampFromDate(new Date(iso)));
    expect(told).toMatchObject([
      {
        name: "accept-trip",
        state: TripStep_State.DONE,
        startedAt: from,
        finishedAt: to,
        attempts: 0,
      },
      { name: "open-tab", state: TripStep_State.COMPENSATED, compensatedAt: to },
    ]);
  });

  it("joins the attempts and the last error of the activity that runs", () => {
    const told = steps(
      [
        { name: "charge-fare", state: "running", startedAt },
        { name: "release-vehicle", state: "running", startedAt },
      ],
      { activityId: "release-vehicle", attempt: 4, lastError: "fleet is away" },
    );
    expect(told).toMatchObject([
      { name: "charge-fare", attempts: 0, lastError: "" },
      { name: "release-vehicle", attempts: 4, lastError: "fleet is away" },
    ]);
  });

  it("joins the activity of a compensation to its step", () => {
    const told = steps(
      [{ name: "open-tab", state: "compensating", startedAt }],
      { activityId: "open-tab", attempt: 9, lastError: "" },
      { activityId: "open-tab:compensate", attempt: 2, lastError: "billing is away" },
    );
    expect(told).toMatchObject([{ attempts: 2, lastError: "billing is away" }]);
  });

  it("tells what a parked or failed step failed with", () => {
    const told = steps([{ name: "capture", state: "parked", startedAt, error: "declined" }]);
    expect(told).toMatchObject([{ state: TripStep_State.PARKED, lastError: "declined" }]);
  });
});
