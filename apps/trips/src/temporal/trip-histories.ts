import { Code, ConnectError } from "@connectrpc/connect";
import { type Client, isGrpcServiceError } from "@temporalio/client";
import type { temporal } from "@temporalio/proto";
import { createTemporalCall } from "./temporal-call.ts";

/** The histories of the workflows of trips and their refunds. */
export interface TripHistories {
  /**
   * Begins to delete the histories of all runs of a workflow. Returns true once Temporal has none: call again
   * until then. Throws unavailable when Temporal does not answer, or a run is not closed.
   */
  delete(workflowId: string): Promise<boolean>;
}

const timeoutMs = 5_000;
/** The gRPC status of what does not exist. */
const notFound = 5;

/**
 * Creates `TripHistories` over a Temporal client. `onUnavailable` is called with the cause of each call that
 * fails because Temporal is unavailable.
 */
export function createTripHistories(
  client: Client,
  onUnavailable: (cause: unknown) => void,
): TripHistories {
  const callTemporal = createTemporalCall(client, onUnavailable);
  return {
    async delete(workflowId) {
      const reply = await callTemporal({ timeoutMs }, async () => {
        const runs = await findRuns(client, workflowId);
        if ([...runs.values()].includes("open")) return "open";
        for (const runId of runs.keys()) await deleteRun(client, { workflowId, runId });
        return runs.size === 0 ? "gone" : "deleting";
      });
      if (reply.kind === "answered" && reply.outcome !== "open") return reply.outcome === "gone";
      const why = reply.kind === "answered" ? "still runs" : "cannot be read from Temporal";
      throw new ConnectError(`the workflow ${workflowId} ${why}: call again`, Code.Unavailable);
    },
  };
}

/**
 * Returns the runs of a workflow, by their ids. The latest is found by the id of the workflow, because
 * visibility, which has the earlier ones, lags behind.
 */
async function findRuns(
  { workflowService, options }: Client,
  workflowId: string,
): Promise<Map<string, "open" | "closed">> {
  const { namespace } = options;
  const query = `WorkflowId = "${workflowId}"`;
  const [{ executions }, latest] = await Promise.all([
    workflowService.listWorkflowExecutions({ namespace, query }),
    workflowService
      .describeWorkflowExecution({ namespace, execution: { workflowId } })
      .catch(ignoreNotFound),
  ]);
  const runs = new Map<string, "open" | "closed">();
  for (const run of [...executions, latest?.workflowExecutionInfo]) {
    const runId = run?.execution?.runId;
    if (runId) runs.set(runId, run?.closeTime ? "closed" : "open");
  }
  return runs;
}

/** A deleted run may be listed for a while. */
async function deleteRun(
  { workflowService, options: { namespace } }: Client,
  workflowExecution: temporal.api.common.v1.IWorkflowExecution,
): Promise<void> {
  await workflowService
    .deleteWorkflowExecution({ namespace, workflowExecution })
    .catch(ignoreNotFound);
}

function ignoreNotFound(error: unknown): undefined {
  const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
  if (code !== notFound) throw error;
}
