import type { Logger } from "@fanfare/service";
import type { RefundWorkflows } from "../refunds/refund-workflows.ts";
import type { TripRefunds } from "../refunds/trip-refunds.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { InterruptedWorkflows } from "../temporal/interrupted-workflows.ts";
import type { TripWorkflows } from "../temporal/trip-workflows.ts";
import { deliverDecisions } from "./deliver-decisions.ts";
import { deliverRefunds } from "./deliver-refunds.ts";
import { deliverStopRequests } from "./deliver-stop-requests.ts";
import { createFailurePauses } from "./failure-pauses.ts";
import { repeatUntilAborted } from "./repeat-until-aborted.ts";
import { startMissingWorkflows } from "./start-missing-workflows.ts";
import { createWorkflowRestarter } from "./workflow-restarter.ts";

/** The dependencies of the reconciler. */
export interface ReconcilerDeps {
  readonly registry: TripRegistry;
  readonly refunds: TripRefunds;
  readonly refundWorkflows: RefundWorkflows;
  readonly workflows: TripWorkflows;
  readonly interruptedWorkflows: InterruptedWorkflows;
  readonly logger: Logger;
}

const batchSize = 50;

/**
 * Starts the workflows of trips that have none, restarts those that were interrupted, and delivers the
 * stop requests, the decisions of operators and the refunds that no call has delivered, until the signal
 * aborts. A trip counts as overdue after `reconcileAfterMs`. Several processes may run a reconciler each.
 */
export async function runReconciler(
  signal: AbortSignal,
  { registry, refunds, refundWorkflows, workflows, interruptedWorkflows, logger }: ReconcilerDeps,
  { reconcileAfterMs }: { readonly reconcileAfterMs: number },
): Promise<void> {
  const restarter = createWorkflowRestarter(
    { registry, workflows: interruptedWorkflows, logger, pauses: createFailurePauses() },
    // A workflow is rarely deleted, and each open trip costs a call of Temporal.
    { batchSize, leaseDurationMs: 6 * reconcileAfterMs },
  );
  const pauses = createFailurePauses();
  const startMissing = (aborted: AbortSignal) =>
    startMissingWorkflows(
      aborted,
      { registry, workflows, logger, pauses },
      { batchSize, leaseDurationMs: reconcileAfterMs },
    );
  const deliverRequests = (aborted: AbortSignal) =>
    deliverStopRequests(aborted, { registry, workflows, logger }, { batchSize });
  const decide = (aborted: AbortSignal) =>
    deliverDecisions(aborted, { registry, workflows, logger }, { batchSize });
  const refund = (aborted: AbortSignal) =>
    deliverRefunds(aborted, { refunds, refundWorkflows, logger }, { batchSize });
  const repeatOptions = {
    intervalMs: 1_000,
    maxIntervalMs: 5_000,
    onError: (error: unknown, pauseMs: number) =>
      logger.warn({ err: error, pauseMs }, "trips cannot be reconciled"),
  };
  await Promise.all([
    repeatUntilAborted(signal, startMissing, repeatOptions),
    repeatUntilAborted(signal, (aborted) => restarter.restartInterrupted(aborted), repeatOptions),
    repeatUntilAborted(signal, deliverRequests, repeatOptions),
    repeatUntilAborted(signal, decide, repeatOptions),
    repeatUntilAborted(signal, refund, repeatOptions),
  ]);
}
