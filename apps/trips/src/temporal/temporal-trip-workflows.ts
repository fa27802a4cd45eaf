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
import { createAsk } from "./temporal-call.ts";
import type { Call, PendingActivity, Reply, TripWorkflows } from "./trip-workflows.ts";

/** createTripWorkflows asks Temporal; `onAway` hears why it cannot do its work. */
export function createTripWorkflows(
  client: Client,
  onAway: (cause: unknown) => void,
): TripWorkflows {
  const { workflow } = client;
  const ask = createAsk(client, onAway);

  async function decide(
    tripId: string,
    argument: RetryArgument | ResolveArgument,
    { name, ...call }: Call & { name: string },
  ): Promise<Reply<readonly string[]>> {
    const handle = workflow.getHandle(createTripWorkflowId(tripId));
    return await ask(call, () =>
      handle.executeUpdate<readonly string[], [typeof argument]>(name, { args: [argument] }),
    );
  }

  return {
    async start(trip, call) {
      // One round trip: the update reaches the workflow that this starts, or the one that runs. Its
      // fixed id makes a repeated call join the first.
      return await ask(call, () =>
        workflow.executeUpdateWithStart<TripWorkflow, StartUpdateResult, []>(updates.start, {
          updateId: updates.start,
          startWorkflowOperation: new WithStartWorkflowOperation<TripWorkflow>(
            tripWorkflowType,
            startOptions(trip),
          ),
        }),
      );
    },

    async launch(trip, call) {
      return await ask(call, async () => {
        await workflow.start<TripWorkflow>(tripWorkflowType, startOptions(trip));
        return "launched" as const;
      });
    },

    async end(tripId, call) {
      const handle = workflow.getHandle(createTripWorkflowId(tripId));
      return await ask(call, () =>
        handle.executeUpdate<CompletedDrive, []>(updates.end, { updateId: updates.end }),
      );
    },

    async cancel(tripId, argument, call) {
      const handle = workflow.getHandle(createTripWorkflowId(tripId));
      return await ask(call, () =>
        handle.executeUpdate<CancelUpdateResult, [typeof argument]>(updates.cancel, {
          updateId: updates.cancel,
          args: [argument],
        }),
      );
    },

    retry: (tripId, argument, call) =>
      decide(tripId, argument, { ...call, name: operatorUpdates.retry }),
    resolve: (tripId, argument, call) =>
      decide(tripId, argument, { ...call, name: operatorUpdates.resolve }),

    async progress(tripId, call) {
      const handle = workflow.getHandle(createTripWorkflowId(tripId));
      return await ask(call, async () => {
        const [saga, { raw }] = await Promise.all([
          handle.query<SagaProgress>(progressQuery),
          handle.describe(),
        ]);
        return { saga, pending: (raw.pendingActivities ?? []).map(pendingActivityOf) };
      });
    },
  };
}

type TripWorkflow = (trip: TripInput) => Promise<unknown>;

/** A trip has one workflow: one that runs is used, one that is over is never repeated here. */
function startOptions(trip: TripInput) {
  return {
    taskQueue,
    workflowId: createTripWorkflowId(trip.tripId),
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    // How long a trip waits when a worker dies, or stops, with the task that it was just given; 10 s
    // by default. A task takes as long as the calls that are tried within it, and Temporal parts it in time.
    workflowTaskTimeout: "5 seconds",
    args: [trip] as [TripInput],
  };
}

function pendingActivityOf(pending: RawPendingActivity): PendingActivity {
  return {
    activityId: pending.activityId ?? "",
    attempt: pending.attempt ?? 0,
    lastError: pending.lastFailure?.message ?? "",
  };
}

interface RawPendingActivity {
  readonly activityId?: string | null;
  readonly attempt?: number | null;
  readonly lastFailure?: { readonly message?: string | null } | null;
}
