import {
  createRefundWorkflowId,
  type RefundInput,
  refundWorkflowType,
  taskQueue,
} from "@fanfare/trip-contract";
import { type Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from "@temporalio/client";
import type { RefundRow } from "../registry/tables.ts";
import { createTemporalCall } from "../temporal/temporal-call.ts";
import type { CallOptions, Reply } from "../temporal/trip-workflows.ts";

/** The workflows that make refunds. */
export interface RefundWorkflows {
  /**
   * Starts the workflow of a refund unless one runs. It may be started again after it has closed: it has
   * the same idempotency keys then.
   */
  start(refund: RefundRow, call: CallOptions): Promise<Reply<"started">>;
}

/**
 * Creates `RefundWorkflows` over a Temporal client. `onUnavailable` is called with the cause of each call that
 * fails because Temporal is unavailable.
 */
export function createRefundWorkflows(
  client: Client,
  onUnavailable: (cause: unknown) => void,
): RefundWorkflows {
  const callTemporal = createTemporalCall(client, onUnavailable);
  return {
    start: (refund, call) =>
      callTemporal(call, async () => {
        await client.workflow.start(refundWorkflowType, {
          taskQueue,
          workflowId: createRefundWorkflowId(refund.trip_id, refund.refund_id),
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          args: [toRefundInput(refund)],
        });
        return "started" as const;
      }),
  };
}

function toRefundInput(row: RefundRow): RefundInput {
  const amount = { minorUnits: Number(row.minor_units), currency: row.currency };
  return { tripId: row.trip_id, refundId: row.refund_id, amount };
}
