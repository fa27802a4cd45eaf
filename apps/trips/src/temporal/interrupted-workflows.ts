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
import { createAsk } from "./temporal-call.ts";
import type { Call, Reply } from "./trip-workflows.ts";

/**
 * BrokenWorkflows are those that are over without their end: terminated, timed out or failed, or deleted
 * from Temporal. It ran no code of theirs then, and whatever they held is still held.
 */
export interface BrokenWorkflows {
  /** list answers the runs that were broken off after the time, as far as Temporal remembers them. */
  list(since: Date, call: Call): Promise<Reply<readonly BrokenRun[]>>;
  /** has answers whether Temporal knows the trip's workflow, be it running or over. */
  has(tripId: string, call: Call): Promise<Reply<boolean>>;
  /**
   * recover starts a trip's workflow again under its own id, and so with the keys of its former run,
   * unless it runs or came to its end meanwhile. However often it is called, one run starts.
   */
  recover(trip: TripInput, call: Call): Promise<Reply<"launched">>;
}

/** BrokenRun is one run of a trip's workflow. */
export interface BrokenRun {
  readonly tripId: string;
  readonly runId: string;
  /** Such as TERMINATED. */
  readonly status: string;
  /** True when it was itself started to put right what a run before it had left. */
  readonly recovery: boolean;
}

/** createBrokenWorkflows asks Temporal; `onAway` hears why it cannot do its work. */
export function createBrokenWorkflows(
  client: Client,
  onAway: (cause: unknown) => void,
): BrokenWorkflows {
  const { workflow } = client;
  const ask = createAsk(client, onAway);
  return {
    list: (since, call) =>
      ask(call, async () => {
        const runs: BrokenRun[] = [];
        for await (const run of workflow.list({ query: queryFor(since) })) {
          runs.push(runOf(run));
        }
        return runs;
      }),

    async has(tripId, call) {
      const handle = workflow.getHandle(createTripWorkflowId(tripId));
      const reply = await ask(call, async () => {
        await handle.describe();
        return true;
      });
      return reply.kind === "gone" ? { kind: "answered", outcome: false } : reply;
    },

    recover: (trip, call) =>
      ask(call, async () => {
        await workflow.start(tripWorkflowType, {
          taskQueue,
          workflowId: createTripWorkflowId(trip.tripId),
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
          memo: { [recoveryMemo]: true },
          args: [trip],
        });
        return "launched" as const;
      }),
  };
}

const recoveryMemo = "recovery";

function queryFor(since: Date): string {
  const statuses = ["Terminated", "TimedOut", "Failed"].map((status) => `"${status}"`);
  return [
    `WorkflowType = "${tripWorkflowType}"`,
    `ExecutionStatus IN (${statuses.join(", ")})`,
    `CloseTime > "${since.toISOString()}"`,
  ].join(" AND ");
}

function runOf({ workflowId, runId, status, memo }: WorkflowExecutionInfo): BrokenRun {
  return {
    tripId: workflowId.slice(createTripWorkflowId("").length),
    runId,
    status: status.name,
    recovery: memo?.[recoveryMemo] === true,
  };
}
