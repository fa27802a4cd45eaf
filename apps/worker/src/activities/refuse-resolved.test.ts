import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it, vi } from "vitest";
import { toFakeRecord } from "../../test/fake-record.ts";
import { createFakeServices } from "../../test/fake-services.ts";
import type { RegistryActivities } from "../trip-activities.ts";
import { refuseResolved } from "./refuse-resolved.ts";

const activityId = "open-tab:compensate";

/** Makes a call whose activity belongs to the run `second`. */
async function makeCall(
  firstRunId: string | undefined,
  resolvedSteps: readonly string[],
  { isLocal }: { readonly isLocal: boolean } = { isLocal: false },
) {
  const { context } = new MockActivityEnvironment({
    activityId: isLocal ? "3" : activityId,
    isLocal,
    workflowExecution: { workflowId: "trip/t", runId: "second" },
  });
  const fake = createFakeServices().trip("t");
  const readTripRecord = vi.fn<RegistryActivities["readTripRecord"]>(async () => ({
    ...toFakeRecord(fake),
    resolvedSteps,
  }));
  const execute = refuseResolved({ readTripRecord })(context).inbound?.execute;
  const call = {
    step: "open-tab",
    tripId: "t",
    ...(firstRunId === undefined ? {} : { firstRunId }),
  };
  const answer = await execute?.({ args: [call], headers: {} }, async () => "called");
  return { answer, reads: readTripRecord.mock.calls.length };
}

describe("refuseResolved()", () => {
  it("refuses a call after a reset that an operator has resolved", async () => {
    await expect(makeCall("first", [activityId])).rejects.toMatchObject({
      type: "resolved",
      nonRetryable: true,
    });
  });

  it("refuses a local call after a reset whose step an operator has resolved", async () => {
    const resolved = makeCall("first", ["open-tab"], { isLocal: true });
    await expect(resolved).rejects.toMatchObject({ type: "resolved", nonRetryable: true });
  });

  it("makes a call after a reset that nobody has resolved", async () => {
    expect(await makeCall("first", ["capture"])).toEqual({ answer: "called", reads: 1 });
  });

  it.each(["second", undefined])("reads nothing for a workflow that began as %s", async (runId) => {
    expect(await makeCall(runId, [activityId])).toEqual({ answer: "called", reads: 0 });
  });
});
