import { createTripWorkflowId, progressQuery, type SagaProgress } from "@fanfare/trip-contract";
import type { Client } from "@temporalio/client";

/** Whether Temporal delivers the signals and updates again that came after the reset point. */
export type Reapply = keyof typeof reapplyTypes;

/** The values of `ResetReapplyType` in the API of Temporal. */
const reapplyTypes = { "nothing reapplied": 2, "updates reapplied": 3 } as const;

/** A run of a trip's workflow, and the points to which an operator can reset it. */
export interface ResettableRun {
  readonly workflowId: string;
  readonly runId: string;
  /** The ids of the events that complete its workflow tasks. */
  readonly points: readonly ResetPoint[];
}

/** The id of an event, to which a run can be reset. */
type ResetPoint = NonNullable<
  Parameters<Client["workflowService"]["resetWorkflowExecution"]>[0]["workflowTaskFinishEventId"]
>;

/** Finds the current run of a trip's workflow. */
export async function findRun(client: Client, tripId: string): Promise<ResettableRun> {
  const workflowId = createTripWorkflowId(tripId);
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const points = (events ?? []).flatMap(({ eventId, workflowTaskCompletedEventAttributes }) =>
    workflowTaskCompletedEventAttributes && eventId ? [eventId] : [],
  );
  return { workflowId, runId, points };
}

/** Resets a run to a point. Resolves with the id of the run that continues from there. */
export async function resetRun(
  client: Client,
  { workflowId, runId }: ResettableRun,
  { point, reapply }: { readonly point: ResetPoint; readonly reapply: Reapply },
): Promise<string> {
  const response = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: "a test resets it",
    requestId: crypto.randomUUID(),
    workflowTaskFinishEventId: point,
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- The client does not export the enum.
    resetReapplyType: reapplyTypes[reapply],
  });
  return response.runId;
}

/** Reads the progress of a run's saga. Rejects with the failure of the workflow task when it fails. */
export async function readProgress(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<SagaProgress> {
  const handle = client.workflow.getHandle(workflowId, runId);
  try {
    return await handle.query<SagaProgress>(progressQuery);
  } catch (cause) {
    const { events } = await handle.fetchHistory();
    const failures = (events ?? []).map(
      ({ workflowTaskFailedEventAttributes: failed }) => failed?.failure?.message ?? "",
    );
    throw new Error(`no progress: ${failures.filter(Boolean).join("; ")}`, { cause });
  }
}
