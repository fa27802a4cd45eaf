import {
  createTripWorkflowId,
  type TripInput,
  taskQueue,
  tripWorkflowType,
} from "@fanfare/trip-contract";
import { unreadPayloads } from "@fanfare/trip-contract/payloads";
import {
  type Client,
  WorkflowClient,
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
  /**
   * Yields the runs that were interrupted after `since`, of those that Temporal retains. The options apply
   * to each page of the list. Ends after a reply other than `answered`.
   */
  list(since: Date, call: CallOptions): AsyncGenerator<Reply<InterruptedRun>>;
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
  /** By the clock of Temporal. */
  readonly closedAt: Date;
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
  const { connection, options } = client;
  const { namespace } = options;
  const lists = new WorkflowClient({ connection, namespace, dataConverter: unreadPayloads });
  return {
    async *list(since, call) {
      const query = createQuery(since);
      const runs = lists.list({ query, pageSize })[Symbol.asyncIterator]();
      for (;;) {
        // The step that needs another page requests it, within a timeout of its own.
        const reply = await callTemporal(call, () => runs.next());
        if (reply.kind !== "answered") {
          yield reply;
          return;
        }
        const { done, value } = reply.outcome;
        if (done === true) return;
        yield { kind: "answered", outcome: toInterruptedRun(value) };
      }
    },

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
const pageSize = 100;

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
    closedAt: info.closeTime ?? info.startTime,
    recovery: info.memo !== undefined && recoveryMemo in info.memo,
  };
}
