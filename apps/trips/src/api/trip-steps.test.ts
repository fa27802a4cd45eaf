import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TripStep_State } from "@fanfare/contracts/operators/v1/trip_operations";
import type { StepProgress } from "@fanfare/trip-contract";
import { describe, expect, it } from "vitest";
import type { PendingActivity } from "../temporal/trip-workflows.ts";
import { toTripSteps } from "./trip-steps.ts";

const startedAt = "2026-05-01T10:00:00.000Z";
const finishedAt = "2026-05-01T10:00:01.000Z";

function convert(steps: StepProgress[], ...pending: PendingActivity[]) {
  return toTripSteps({ saga: { state: "forward", pivoted: false, steps }, pending });
}

describe("toTripSteps()", () => {
  it("returns the steps in the order in which they began, with their times", () => {
    const steps = convert([
      { name: "accept-trip", state: "done", startedAt, finishedAt },
      { name: "open-tab", state: "compensated", startedAt, finishedAt, compensatedAt: finishedAt },
    ]);
    const [from, to] = [startedAt, finishedAt].map((iso) => timestampFromDate(new Date(iso)));
    expect(steps).toMatchObject([
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

  it("adds the attempts and the last error of the pending activity", () => {
    const steps = convert(
      [
        { name: "charge-fare", state: "running", startedAt },
        { name: "release-vehicle", state: "running", startedAt },
      ],
      { activityId: "release-vehicle", attempt: 4, lastError: "fleet is unavailable" },
    );
    expect(steps).toMatchObject([
      { name: "charge-fare", attempts: 0, lastError: "" },
      { name: "release-vehicle", attempts: 4, lastError: "fleet is unavailable" },
    ]);
  });

  it("adds the activity of a compensation to its step", () => {
    const steps = convert(
      [{ name: "open-tab", state: "compensating", startedAt }],
      { activityId: "open-tab", attempt: 9, lastError: "" },
      { activityId: "open-tab:compensate", attempt: 2, lastError: "billing is unavailable" },
    );
    expect(steps).toMatchObject([{ attempts: 2, lastError: "billing is unavailable" }]);
  });

  it("returns the error of a parked or failed step", () => {
    const steps = convert([{ name: "capture", state: "parked", startedAt, error: "declined" }]);
    expect(steps).toMatchObject([{ state: TripStep_State.PARKED, lastError: "declined" }]);
  });
});
