import { describe, expect, it } from "vitest";
import { createTestRestarter, listRuns, terminated } from "../../test/test-restarter.ts";
import { createTripRow, tripRows } from "../../test/trip-rows.ts";
import { createWorkflowRestarter } from "./workflow-restarter.ts";

const never = new AbortController().signal;
const { tripId } = terminated;

describe("restartInterrupted()", () => {
  it("restarts the workflow of a trip once for each interrupted run", async () => {
    const { restarter, restarted } = createTestRestarter(tripRows.pending, listRuns(terminated));
    await restarter.restartInterrupted(never);
    await restarter.restartInterrupted(never);
    expect(restarted).toMatchObject([
      { tripId, recovery: { reason: "its workflow was terminated", versionFloor: 1_000_000 } },
    ]);
    expect(restarted[0]?.recovery).not.toHaveProperty("startedAt");
  });

  it("numbers the changes of the next workflow above those of the previous ones", async () => {
    const trip = {
      ...tripRows.settled,
      broadcast: "PUBLISHED",
      compensation_version: "3000002",
    } as const;
    const { restarter, restarted } = createTestRestarter(trip, listRuns(terminated));
    await restarter.restartInterrupted(never);
    expect(restarted[0]?.recovery).toEqual({
      reason: "its workflow was terminated",
      versionFloor: 4_000_000,
    });
  });

  it("passes the recorded reason of the cancellation", async () => {
    const requested = { stop_kind: "CANCEL", stop_reason: "changed my mind" } as const;
    const begun = { ...tripRows.compensating, compensation_reason: "declined", ...requested };
    for (const [trip, reason] of [
      [{ ...tripRows.active, ...requested }, "changed my mind"],
      [begun, "declined"],
    ] as const) {
      const { restarter, restarted } = createTestRestarter(trip, listRuns(terminated));
      await restarter.restartInterrupted(never);
      expect(restarted).toMatchObject([{ recovery: { reason } }]);
    }
  });

  it("skips compensated trips, unknown trips, and restarted workflows that failed again", async () => {
    const compensated = createTestRestarter(tripRows.cancelled, listRuns(terminated));
    const unknownRuns = listRuns(terminated, { ...terminated, tripId: "x" });
    const unknown = createTestRestarter(undefined, unknownRuns);
    const failed = { ...terminated, status: "FAILED", recovery: true };
    const failedAgain = createTestRestarter(tripRows.pending, listRuns(failed));
    for (const { restarter, restarted } of [compensated, unknown, failedAgain]) {
      await restarter.restartInterrupted(never);
      expect(restarted).toEqual([]);
    }
  });

  it("continues after a trip whose workflow has completed meanwhile", async () => {
    const runs = listRuns(terminated, { ...terminated, runId: "run-2" });
    const { restarter, restarted, replies } = createTestRestarter(tripRows.active, runs);
    replies.restart = { kind: "not-running" };
    await restarter.restartInterrupted(never);
    expect(restarted).toHaveLength(2);
  });

  it("works off a mass termination page by page, although pages fail", async () => {
    const runs = Array.from({ length: 500 }, (_, run) => ({ ...terminated, runId: `run-${run}` }));
    const { restarter, restarted, replies } = createTestRestarter(tripRows.active, []);
    for (const listed of [100, 250]) {
      replies.list = [...listRuns(...runs.slice(0, listed)), { kind: "timed-out" }];
      await expect(restarter.restartInterrupted(never)).rejects.toThrow("did not answer");
      expect(restarted).toHaveLength(listed);
    }
    replies.list = listRuns(...runs);
    await restarter.restartInterrupted(never);
    await restarter.restartInterrupted(never);
    expect(restarted).toHaveLength(500);
  });

  it("handles the others when one workflow cannot be restarted, and repeats that one", async () => {
    const runs = ["run-1", "run-2", "run-3"].map((runId) => ({ ...terminated, runId }));
    const { restarter, restarted, replies, waitLong } = createTestRestarter(
      tripRows.active,
      listRuns(...runs),
    );
    replies.failOnce = { kind: "unavailable", cause: new Error("too large") };
    await expect(restarter.restartInterrupted(never)).rejects.toThrow("too large");
    expect(restarted).toHaveLength(3);
    await restarter.restartInterrupted(never);
    expect(restarted).toHaveLength(3);
    waitLong();
    await restarter.restartInterrupted(never);
    expect(restarted).toHaveLength(4);
  });

  it("restarts the others, the oldest first, although runs fail for ever", async () => {
    const runs = Array.from({ length: 8 }, (_, run) => ({
      ...terminated,
      tripId: crypto.randomUUID(),
      runId: `run-${run}`,
      closedAt: new Date(Date.UTC(2026, 4, 1, 10, run)),
    }));
    const broken = new Set<string>(runs.slice(0, 5).map((run) => run.tripId));
    const tried: string[] = [];
    const { deps } = createTestRestarter(undefined, listRuns(...runs.toReversed()));
    const restarter = createWorkflowRestarter(
      {
        ...deps,
        registry: {
          ...deps.registry,
          find: async (id) => createTripRow({ trip_id: id, status: "ACTIVE" }),
        },
        workflows: {
          ...deps.workflows,
          async restart(input) {
            tried.push(input.tripId);
            if (!broken.has(input.tripId)) return { kind: "answered", outcome: "started" };
            return { kind: "unavailable", cause: new Error("too large") };
          },
        },
      },
      { batchSize: 2, leaseDurationMs: 1_000 },
    );
    for (let call = 0; call < 2; call += 1) {
      await expect(restarter.restartInterrupted(never)).rejects.toThrow("too large");
    }
    await restarter.restartInterrupted(never);
    expect(tried).toEqual(runs.map((run) => run.tripId));
  });

  it("checks the other open trips although trips fail for ever", async () => {
    const open = Array.from({ length: 5 }, () => createTripRow({ trip_id: crypto.randomUUID() }));
    const checked: string[] = [];
    const { deps } = createTestRestarter(undefined, [], open);
    const restarter = createWorkflowRestarter(
      {
        ...deps,
        workflows: {
          ...deps.workflows,
          async exists(id) {
            checked.push(id);
            return { kind: "unavailable", cause: new Error("too large") };
          },
        },
      },
      { batchSize: 5, leaseDurationMs: 1_000 },
    );
    for (let call = 0; call < 2; call += 1) {
      await expect(restarter.restartInterrupted(never)).rejects.toThrow("too large");
    }
    expect(checked).toEqual(open.map(({ trip_id }) => trip_id));
  });

  it("lists the same runs again after a failure, and only newer ones after a success", async () => {
    const { restarter, restarted, listedSince, replies, waitLong } = createTestRestarter(
      tripRows.active,
      listRuns(terminated),
    );
    replies.restart = { kind: "unavailable", cause: new Error("unavailable") };
    await expect(restarter.restartInterrupted(never)).rejects.toThrow("unavailable");
    waitLong();
    replies.restart = { kind: "answered", outcome: "started" };
    await restarter.restartInterrupted(never);
    await restarter.restartInterrupted(never);
    expect(restarted).toHaveLength(2);
    const fiveMinutesBefore = terminated.closedAt.getTime() - 5 * 60_000;
    const times = listedSince.map((since) => since.getTime());
    expect(times).toEqual([0, fiveMinutesBefore, fiveMinutesBefore]);
  });

  it("restarts the workflow of an open trip that Temporal does not have", async () => {
    const open = [tripRows.pending];
    const { restarter, restarted, replies } = createTestRestarter(
      tripRows.active,
      listRuns(),
      open,
    );
    await restarter.restartInterrupted(never);
    const reason = "its workflow is gone from Temporal";
    expect(restarted).toMatchObject([{ tripId, recovery: { reason } }]);
    replies.restart = { kind: "not-running" };
    await restarter.restartInterrupted(never);
    expect(restarted).toHaveLength(2);
  });

  it("skips an open trip whose workflow exists, or that was compensated meanwhile", async () => {
    const existing = createTestRestarter(tripRows.active, listRuns(), [tripRows.active]);
    existing.replies.exists = { kind: "answered", outcome: true };
    const open = [tripRows.compensating];
    const compensated = createTestRestarter(tripRows.cancelled, listRuns(), open);
    for (const { restarter, restarted } of [existing, compensated]) {
      await restarter.restartInterrupted(never);
      expect(restarted).toEqual([]);
    }
  });

  it("restarts nothing while Temporal is unavailable or does not answer", async () => {
    const open = [tripRows.active];
    const { restarter, restarted, replies, waitLong } = createTestRestarter(
      tripRows.active,
      listRuns(),
      open,
    );
    replies.exists = { kind: "unavailable", cause: new Error("unavailable") };
    await expect(restarter.restartInterrupted(never)).rejects.toThrow("unavailable");
    waitLong();
    replies.exists = { kind: "timed-out" };
    await expect(restarter.restartInterrupted(never)).rejects.toThrow("did not answer");
    expect(restarted).toEqual([]);
  });
});
