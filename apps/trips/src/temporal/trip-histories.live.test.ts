import { Code } from "@connectrpc/connect";
import { catchRefusal } from "@fanfare/test-fixtures";
import { createTripWorkflowId } from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectNoTemporal,
  openTestTemporal,
  type TestTemporal,
} from "../../test/test-temporal.ts";
import { createTripHistories } from "./trip-histories.ts";

describe("createTripHistories()", { timeout: 120_000 }, () => {
  let server: TestTemporal;
  beforeAll(async () => {
    server = await openTestTemporal();
  }, 60_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  const start = async (tripId: string) =>
    await server.temporal.client.workflow.start("trip", {
      taskQueue: "none",
      workflowId: createTripWorkflowId(tripId),
      args: [],
    });
  async function countRuns(tripId: string): Promise<number> {
    const query = `WorkflowId = "${createTripWorkflowId(tripId)}"`;
    return (await server.temporal.client.workflow.count(query)).count;
  }

  it("deletes all runs of a trip, and those of no other trip", async () => {
    const histories = createTripHistories(server.temporal.client, () => {});
    const [tripId, otherId] = [crypto.randomUUID(), crypto.randomUUID()];
    await start(otherId);
    for (const _ of ["first", "second", "third"]) await (await start(tripId)).terminate();
    await expect.poll(() => countRuns(tripId), { timeout: 20_000 }).toBe(3);
    await expect
      .poll(() => histories.delete(createTripWorkflowId(tripId)), { timeout: 100_000 })
      .toBe(true);
    expect(await countRuns(tripId)).toBe(0);
    const handle = server.temporal.client.workflow.getHandle(createTripWorkflowId(tripId));
    await expect(handle.describe()).rejects.toThrow(/not found/i);
    expect(await countRuns(otherId)).toBe(1);
  });

  it("deletes no run that is open", async () => {
    const histories = createTripHistories(server.temporal.client, () => {});
    const tripId = crypto.randomUUID();
    const handle = await start(tripId);
    const refusal = await catchRefusal(histories.delete(createTripWorkflowId(tripId)));
    expect(refusal.code).toBe(Code.Unavailable);
    expect(refusal.rawMessage).toContain("still runs");
    expect((await handle.describe()).status.name).toBe("RUNNING");
  });

  it("is unavailable while Temporal is", async () => {
    const nowhere = await connectNoTemporal();
    const histories = createTripHistories(nowhere.client, () => {});
    expect(await catchRefusal(histories.delete(crypto.randomUUID()))).toMatchObject({
      code: Code.Unavailable,
    });
  });
});
