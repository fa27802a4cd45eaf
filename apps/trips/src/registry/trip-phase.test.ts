import { expect, it } from "vitest";
import { now, olderRows } from "../../test/trip-rows.ts";
import { requestCancel } from "./stop-requests.ts";
import { accept, activate } from "./transitions.ts";
import { toTripRecord } from "./trip-record.ts";

it("keeps a compensation that a process of an older version recorded", () => {
  for (const trip of Object.values(olderRows)) {
    expect(() => accept()(trip, now)).toThrow("it cannot become PENDING");
    expect(() => activate()(trip, now)).toThrow("it cannot become ACTIVE");
    expect(requestCancel({ reason: "rain" })(trip, now)).toBeUndefined();
    expect(toTripRecord(trip).compensation?.reason).toBe("no");
  }
});
