// Calls the workflow of a trip, which runs in apps/worker (trip-workflow.ts). The names of its updates
// and queries are in packages/trip-contract.
import {
  type CancelUpdateResult,
  type CompletedDrive,
  createTripWorkflowId,
  operatorUpdates,
  progressQuery,
  type ResolveArgument,
  type RetryArgument,
  type SagaProgress,
  type StartUpdateResult,
  type TripInput,
  taskQueue,
  tripWorkflowType,
  updates,
} from "@fanfare/trip-contract";
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from "@temporalio/client";
import type { LoadedDataConverter, ProtoFailure } from "@temporalio/common";
import { decodeOptionalFailureToOptionalError } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { createTemporalCall } from "./temporal-call.ts";
import type { DecisionOptions, PendingActivity, Reply, TripWorkflows } from "./trip-workflows.ts";

/**
 * Creates `TripWorkflows` over a Temporal client. `onUnavailable` is called with the cause of each call
 * that fails because Temporal is unavailable.
 */
export function createTripWorkflows(
  client: Client,
  onUnavailable: (cause: unknown) => void,
): TripWorkflows {
  const callTemporal = createTemporalCall(client, onUnavailable);
  const getHandle = (tripId: string) => client.workflow.getHandle(createTripWorkflowId(tripId));

  async function sendDecision(
    tripId: string,
    argument: RetryArgument | ResolveArgument,
    { update, decisionId, ...call }: DecisionOptions & { update: string },
  ): Promise<Reply<readonly string[]>> {
    return await callTemporal(call, () =>
      getHandle(tripId).executeUpdate<readonly string[], [typeof argument]>(update, {
        updateId: decisionId,
        args: [argument],
      }),
    );
  }

  return {
    async start(trip, call) {
      // Starts and updates in one round trip. The update has a fixed id, so a repeated call joins the
      // first.
      return await callTemporal(call, () =>
        client.workflow.executeUpdateWithStart<TripWorkflow, StartUpdateResult, []>(updates.start, {
          updateId: updates.start,
          startWorkflowOperation: new WithStartWorkflowOperation<TripWorkflow>(
            tripWorkflowType,
            createStartOptions(trip),
          ),
        }),
      );
    },

    async ensureStarted(trip, call) {
      return await callTemporal(call, async () => {
        await client.workflow.start<TripWorkflow>(tripWorkflowType, createStartOptions(trip));
        return "started" as const;
      });
    },

    async end(tripId, argument, call) {
      return await callTemporal(call, () =>
        getHandle(tripId).executeUpdate<CompletedDrive, [typeof argument]>(updates.end, {
          updateId: updates.end,
          args: [argument],
        }),
      );
    },

    async cancel(tripId, argument, call) {
      return await callTemporal(call, () =>
        getHandle(tripId).executeUpdate<CancelUpdateResult, [typeof argument]>(updates.cancel, {
          updateId: updates.cancel,
          args: [argument],
        }),
      );
    },

    retry: (tripId, argument, call) =>
      sendDecision(tripId, argument, { ...call, update: operatorUpdates.retry }),
    resolve: (tripId, argument, call) =>
      sendDecision(tripId, argument, { ...call, update: operatorUpdates.resolve }),

    async progress(tripId, call) {
      const handle = getHandle(tripId);
      return await callTemporal(call, async () => {
        const [saga, { raw }] = await Promise.all([
          handle.query<SagaProgress>(progressQuery),
          handle.describe(),
        ]);
        const { loadedDataConverter } = client.options;
        const toPending = (one: RawPendingActivity) => toPendingActivity(one, loadedDataConverter);
        return { saga, pending: await Promise.all((raw.pendingActivities ?? []).map(toPending)) };
      });
    },
  };
}

type TripWorkflow = (trip: TripInput) => Promise<unknown>;

/** A trip has one workflow: a running one is used, a closed one is never started again from here. */
function createStartOptions(trip: TripInput) {
  return {
    taskQueue,
    workflowId: createTripWorkflowId(trip.tripId),
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    // After this time Temporal gives the task of a worker that died to another one. The default is
    // 10 s. The SDK extends a task while its local activities run.
    workflowTaskTimeout: "5 seconds",
    args: [trip] as [TripInput],
  };
}

async function toPendingActivity(
  pending: RawPendingActivity,
  converter: LoadedDataConverter,
): Promise<PendingActivity> {
  const error = await decodeOptionalFailureToOptionalError(converter, pending.lastFailure);
  return {
    activityId: pending.activityId ?? "",
    attempt: pending.attempt ?? 0,
    lastError: error?.message ?? "",
  };
}

interface RawPendingActivity {
  readonly activityId?: string | null;
  readonly attempt?: number | null;
  readonly lastFailure?: ProtoFailure | null;
}
