import { createLogger } from "@fanfare/service";
import type { TripInput } from "@fanfare/trip-contract";
import { createFailurePauses } from "../src/reconciler/failure-pauses.ts";
import {
  createWorkflowRestarter,
  type WorkflowRestarterDeps,
} from "../src/reconciler/workflow-restarter.ts";
import type { TripRow } from "../src/registry/tables.ts";
import type { InterruptedRun } from "../src/temporal/interrupted-workflows.ts";
import type { Reply } from "../src/temporal/trip-workflows.ts";
import { createTripRow } from "./trip-rows.ts";

const logger = createLogger({ name: "restarter-test", level: "silent" });
const tripId = createTripRow().trip_id;
/** A run of the trip that was terminated. */
export const terminated: InterruptedRun = {
  tripId,
  runId: "run-1",
  status: "TERMINATED",
  closedAt: new Date("2026-05-01T10:30:00.000Z"),
  recovery: false,
};

/**
 * Creates a restarter whose registry has `trip`, and whose Temporal lists `runs` each time. `open` are
 * the open trips that the registry lets it claim.
 */
export function createTestRestarter(
  trip: TripRow | undefined,
  runs: readonly Reply<InterruptedRun>[],
  open: readonly TripRow[] = [],
) {
  let now = 0;
  const restarted: TripInput[] = [];
  const listedSince: Date[] = [];
  const replies = {
    list: runs,
    restart: { kind: "answered", outcome: "started" } as Reply<"started">,
    exists: { kind: "answered", outcome: false } as Reply<boolean>,
    /** The reply of the next restart. */
    failOnce: undefined as Reply<"started"> | undefined,
  };
  const deps: WorkflowRestarterDeps = {
    registry: { find: async () => trip, claimOpen: async ({ limit }) => open.slice(0, limit) },
    workflows: {
      exists: async () => replies.exists,
      async *list(since) {
        listedSince.push(since);
        yield* replies.list;
      },
      async restart(input) {
        restarted.push(input);
        const { failOnce } = replies;
        replies.failOnce = undefined;
        return failOnce ?? replies.restart;
      },
    },
    logger,
    pauses: createFailurePauses(() => now),
  };
  const restarter = createWorkflowRestarter(deps, { batchSize: 2, leaseDurationMs: 1_000 });
  /** Passes the pauses that follow failures. */
  const waitLong = () => void (now += 3_600_000);
  return { deps, restarter, restarted, listedSince, replies, waitLong };
}

/** Returns the replies of a Temporal that lists these runs. */
export function listRuns(...runs: InterruptedRun[]): Reply<InterruptedRun>[] {
  return runs.map((outcome) => ({ kind: "answered", outcome }));
}
