import { expect, it } from "vitest";
import { createTripRow, now, olderRows, tripRows } from "../../test/trip-rows.ts";
import { requestCancel } from "./stop-requests.ts";
import { accept, activate, completeDrive, resume } from "./transitions.ts";
import { toTripRecord } from "./trip-record.ts";

it("keeps a compensation that a process of an older version recorded", () => {
  for (const trip of Object.values(olderRows)) {
    expect(() => accept()(trip, now)).toThrow("it cannot become PENDING");
    expect(() => activate()(trip, now)).toThrow("it cannot become ACTIVE");
    expect(requestCancel({ reason: "rain" })(trip, now)).toBeUndefined();
    expect(toTripRecord(trip).compensation?.reason).toBe("no");
  }
});

it("takes no trip whose parked drive is over for one that is being compensated", () => {
  const parked = createTripRow({
    ...tripRows.graceOver,
    status: "NEEDS_ATTENTION",
    reason: "drive: no",
  });
  expect(toTripRecord(parked).compensation).toBeUndefined();
  expect(resume({ version: 9n })(parked, now)).toMatchObject({ status: "ACTIVE" });
  expect(completeDrive(now)(parked, now)).toMatchObject({ status: "ENDED" });
  expect(() => requestCancel({ reason: "rain" })(parked, now)).toThrow("its drive has ended");
});
