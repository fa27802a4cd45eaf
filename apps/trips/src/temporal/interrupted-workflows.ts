import {
  createTripWorkflowId,
  type TripInput,
  taskQueue,
  tripWorkflowType,
} from "@fanfare/trip-contract";
import {
  type Client,
  type WorkflowExecutionInfo,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from "@temporalio/client";
import { createTemporalCall } from "./temporal-call.ts";
import type { CallOptions, Reply } from "./trip-workflows.ts";

/**
 * The workflows that closed before they finished their trip: terminated, timed out or failed, or deleted
 * from Temporal. None of their compensations ran, so what they held is still held.
 */
export interface InterruptedWorkflows {
  /** Lists the runs that were interrupted after `since`, of those that Temporal retains. */
  list(since: Date, call: CallOptions): Promise<Reply<readonly InterruptedRun[]>>;
  /** Returns whether Temporal has a workflow of the trip, running or closed. */
  exists(tripId: string, call: CallOptions): Promise<Reply<boolean>>;
  /**
   * Starts a trip's workflow again under its id, and therefore with the idempotency keys of the run
   * before, unless one runs or has completed. Equal calls start one run.
   */
  restart(trip: TripInput, call: CallOptions): Promise<Reply<"started">>;
}

/** An interrupted run of a trip's workflow. */
export interface InterruptedRun {
  readonly tripId: string;
  readonly runId: string;
  /** Such as TERMINATED. */
  readonly status: string;
  /** True when the reconciler had started this run. */
  readonly recovery: boolean;
}

/**
 * Creates `InterruptedWorkflows` over a Temporal client. `onUnavailable` is called with the cause of
 * each call that fails because Temporal is unavailable.
 */
export function createInterruptedWorkflows(
  client: Client,
  onUnavailable: (cause: unknown) => void,
): InterruptedWorkflows {
  const { workflow } = client;
  const callTemporal = createTemporalCall(client, onUnavailable);
  return {
    list: (since, call) =>
      callTemporal(call, async () => {
        const runs: InterruptedRun[] = [];
        for await (const run of workflow.list({ query: createQuery(since) })) {
          runs.push(toInterruptedRun(run));
        }
        return runs;
      }),

    async exists(tripId, call) {
      const handle = workflow.getHandle(createTripWorkflowId(tripId));
      const reply = await callTemporal(call, async () => {
        await handle.describe();
        return true;
      });
      return reply.kind === "not-running" ? { kind: "answered", outcome: false } : reply;
    },

    restart: (trip, call) =>
      callTemporal(call, async () => {
        await workflow.start(tripWorkflowType, {
          taskQueue,
          workflowId: createTripWorkflowId(trip.tripId),
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
          memo: { [recoveryMemo]: true },
          args: [trip],
        });
        return "started" as const;
      }),
  };
}

const recoveryMemo = "recovery";

function createQuery(since: Date): string {
  const statuses = ["Terminated", "TimedOut", "Failed"].map((status) => `"${status}"`);
  return [
    `WorkflowType = "${tripWorkflowType}"`,
    `ExecutionStatus IN (${statuses.join(", ")})`,
    `CloseTime > "${since.toISOString()}"`,
  ].join(" AND ");
}

function toInterruptedRun(info: WorkflowExecutionInfo): InterruptedRun {
  return {
    tripId: info.workflowId.slice(createTripWorkflowId("").length),
    runId: info.runId,
    status: info.status.name,
    recovery: info.memo?.[recoveryMemo] === true,
  };
}
