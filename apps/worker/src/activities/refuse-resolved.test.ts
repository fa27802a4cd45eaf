import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it, vi } from "vitest";
import { toFakeRecord } from "../../test/fake-record.ts";
import { createFakeServices } from "../../test/fake-services.ts";
import type { RegistryActivities } from "../trip-activities.ts";
import { refuseResolved } from "./refuse-resolved.ts";

const activityId = "open-tab:compensate";

/** Makes a call that belongs to the run `second`. */
async function makeCall(runId: string | undefined, resolvedSteps: readonly string[]) {
  const { context } = new MockActivityEnvironment({
    activityId,
    workflowExecution: { workflowId: "trip/t", runId: "second" },
  });
  const fake = createFakeServices().trip("t");
  const readTripRecord = vi.fn<RegistryActivities["readTripRecord"]>(async () => ({
    ...toFakeRecord(fake),
    resolvedSteps,
  }));
  const execute = refuseResolved({ readTripRecord })(context).inbound?.execute;
  const call = { step: "open-tab", tripId: "t", ...(runId === undefined ? {} : { runId }) };
  const answer = await execute?.({ args: [call], headers: {} }, async () => "called");
  return { answer, reads: readTripRecord.mock.calls.length };
}

describe("refuseResolved()", () => {
  it("refuses a call of the run before the reset that an operator has resolved", async () => {
    await expect(makeCall("first", [activityId])).rejects.toMatchObject({
      type: "resolved",
      nonRetryable: true,
    });
  });

  it("makes a call of the run before the reset that nobody has resolved", async () => {
    expect(await makeCall("first", ["capture"])).toEqual({ answer: "called", reads: 1 });
  });

  it.each(["second", undefined])("reads nothing for a call of the run %s", async (runId) => {
    expect(await makeCall(runId, [activityId])).toEqual({ answer: "called", reads: 0 });
  });
});
