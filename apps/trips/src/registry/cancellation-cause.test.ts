import { CancellationCause } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { tripRows } from "../../test/trip-rows.ts";
import { findCancellationCause } from "./cancellation-cause.ts";

const { cancelled } = tripRows;

describe("findCancellationCause()", () => {
  it.each([
    ["reserve-vehicle", "failed_precondition", "VEHICLE_UNAVAILABLE"],
    ["reserve-vehicle", "not_found", "VEHICLE_UNKNOWN"],
    ["open-tab", "failed_precondition", "PAYMENT_DECLINED"],
    ["open-tab", "invalid_argument", "PAYMENT_METHOD_INVALID"],
    ["open-tab", "not_found", "PAYMENT_METHOD_INVALID"],
    ["charge-unlock-fee", "failed_precondition", "PAYMENT_DECLINED"],
    ["open-tab", "permission_denied", "FAULT"],
    ["reserve-vehicle", "already_exists", "FAULT"],
    [null, "failed_precondition", "FAULT"],
  ] as const)("of the step %s refused with %s is %s", (step, code, cause) => {
    const row = { ...cancelled, refusal_step: step, refusal_code: code };
    expect(findCancellationCause(row)).toBe(CancellationCause[cause]);
  });

  it("is who cancelled the trip, and a fault when nobody did", () => {
    for (const [cancelled_by, cause] of [
      ["RIDER", CancellationCause.RIDER],
      ["OPERATOR", CancellationCause.OPERATOR],
      [null, CancellationCause.FAULT],
    ] as const) {
      const row = { ...cancelled, refusal_code: null, cancelled_by };
      expect(findCancellationCause(row)).toBe(cause);
    }
  });

  it("is unspecified for a trip that is not compensated, also once its cancellation is requested", () => {
    for (const row of [tripRows.active, tripRows.settled, tripRows.cancelRequested]) {
      const asked = { ...row, cancelled_by: "RIDER" } as const;
      expect(findCancellationCause(asked)).toBe(CancellationCause.UNSPECIFIED);
    }
  });
});
