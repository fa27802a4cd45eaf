import type { Client } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import { startWorkflow, WorkflowRunOperationHandler } from "@temporalio/nexus";
import { serviceHandler } from "nexus-rpc";
import { hotels, hotelsEndpoint } from "./hotels.ts";

/** An activity that refuses every room. */
export async function refuseRoom(): Promise<string> {
  throw ApplicationFailure.nonRetryable("no room left", "failed_precondition");
}

/** The handlers of the hotels. They refuse every room. */
export const hotelHandlers = serviceHandler(hotels, {
  book: refuseRoom,
  bookInWorkflow: new WorkflowRunOperationHandler<string, string>((context, workflowId) =>
    startWorkflow<() => Promise<string>>(context, "bookRoom", { workflowId }),
  ),
});

/** Creates the Nexus endpoint of the hotels. */
export async function createHotelsEndpoint(client: Client, taskQueue: string): Promise<void> {
  const { namespace } = client.options;
  await client.connection.operatorService.createNexusEndpoint({
    spec: { name: hotelsEndpoint, target: { worker: { namespace, taskQueue } } },
  });
}
