import { createLogger } from "@fanfare/service";
import { describe, expect, it } from "vitest";
import { createTripRow } from "../../test/trip-rows.ts";
import type { TripRow } from "../registry/tables.ts";
import type { Reply } from "../temporal/trip-workflows.ts";
import { createFailurePauses } from "./failure-pauses.ts";
import {
  type StartMissingWorkflowsDeps,
  startMissingWorkflows,
} from "./start-missing-workflows.ts";

const options = { batchSize: 10, leaseDurationMs: 1_000 };
const never = new AbortController().signal;
const started: Reply<"started"> = { kind: "answered", outcome: "started" };

function createOverdueTrips(...tripIds: string[]): TripRow[] {
  return tripIds.map((trip_id) => createTripRow({ trip_id }));
}

/** Creates dependencies with one batch of overdue trips. `reply` answers for each workflow. */
function createDeps(batch: TripRow[], reply: (tripId: string) => Reply<"started">) {
  const batches = [batch];
  const startedTripIds: string[] = [];
  const deps: StartMissingWorkflowsDeps = {
    registry: { claimUnstarted: async () => batches.shift() ?? [] },
    workflows: {
      async ensureStarted({ tripId }) {
        startedTripIds.push(tripId);
        return reply(tripId);
      },
    },
    logger: createLogger({ name: "reconciler-test", level: "silent" }),
    pauses: createFailurePauses(),
  };
  return { deps, startedTripIds };
}

describe("startMissingWorkflows()", () => {
  it("starts the workflow of each overdue trip", async () => {
    const { deps, startedTripIds } = createDeps(createOverdueTrips("a", "b"), () => started);
    await startMissingWorkflows(never, deps, options);
    expect(startedTripIds).toEqual(["a", "b"]);
  });

  it("continues after a trip whose workflow has closed", async () => {
    const trips = createOverdueTrips("a", "b");
    const { deps, startedTripIds } = createDeps(trips, (tripId) =>
      tripId === "a" ? { kind: "not-running" } : started,
    );
    await startMissingWorkflows(never, deps, options);
    expect(startedTripIds).toEqual(["a", "b"]);
  });

  it("leaves the rest of the batch when Temporal is unavailable or does not answer", async () => {
    const unavailable = createDeps(createOverdueTrips("a", "b", "c", "d"), () => ({
      kind: "unavailable",
      cause: new Error("unavailable"),
    }));
    await expect(startMissingWorkflows(never, unavailable.deps, options)).rejects.toThrow(
      "unavailable",
    );
    expect(unavailable.startedTripIds).toEqual(["a", "b", "c"]);
    const timedOut = createDeps(createOverdueTrips("a", "b", "c", "d"), () => ({
      kind: "timed-out",
    }));
    await expect(startMissingWorkflows(never, timedOut.deps, options)).rejects.toThrow(
      "did not answer",
    );
    expect(timedOut.startedTripIds).toEqual(["a", "b", "c"]);
  });

  it("starts the others when one workflow cannot be started", async () => {
    const trips = createOverdueTrips("a", "b", "c", "d", "e");
    const { deps, startedTripIds } = createDeps(trips, (tripId) =>
      tripId === "a" || tripId === "b"
        ? { kind: "unavailable", cause: new Error(`no ${tripId}`) }
        : started,
    );
    await expect(startMissingWorkflows(never, deps, options)).rejects.toThrow("no a");
    expect(startedTripIds).toEqual(["a", "b", "c", "d", "e"]);
  });
});
