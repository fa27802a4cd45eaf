import type { Logger } from "@fanfare/service";
import type { TripInput } from "@fanfare/trip-contract";
import { z } from "zod";
import type { TripRow } from "../registry/tables.ts";
import { createTripInput } from "../registry/trip-input.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { InterruptedRun, InterruptedWorkflows } from "../temporal/interrupted-workflows.ts";
import type { Reply } from "../temporal/trip-workflows.ts";
import type { FailurePauses } from "./failure-pauses.ts";
import { handleEach } from "./handle-each.ts";

/** The dependencies of a `WorkflowRestarter`. */
export interface WorkflowRestarterDeps {
  readonly registry: Pick<TripRegistry, "find" | "claimOpen">;
  readonly workflows: InterruptedWorkflows;
  readonly logger: Logger;
  /** The pauses of the runs and trips whose restart failed. */
  readonly pauses: FailurePauses;
}

/** How a `WorkflowRestarter` looks for trips whose workflow was deleted. */
export interface WorkflowRestarterOptions {
  /** The most trips that one call checks. */
  readonly batchSize: number;
  /** How long no process checks a trip again that a call has claimed. */
  readonly leaseDurationMs: number;
}

/**
 * Restarts the workflows of trips whose workflow was terminated, timed out, failed or was deleted from
 * Temporal.
 */
export interface WorkflowRestarter {
  /**
   * Restarts the workflows that were interrupted since the last call, and those of one batch of open
   * trips that Temporal does not have. Throws when the database or Temporal is unavailable; the next call
   * continues where this one stopped.
   */
  restartInterrupted(signal: AbortSignal): Promise<void>;
}

interface ListedRuns {
  readonly runs: readonly InterruptedRun[];
  /** The reply that ended the list early. */
  readonly failure?: Reply<InterruptedRun>;
}

const callTimeoutMs = 10_000;
/** Temporal lists a run some time after it closes. */
const overlapMs = 5 * 60_000;
/** More than the number of records that one run makes. */
const versionsPerRun = 1_000_000;

const uuid = z.uuid();

/**
 * Creates a restarter. Its first call considers all runs that Temporal retains, each later one those
 * that closed since. Several processes may run one each.
 */
export function createWorkflowRestarter(
  { registry, workflows, logger, pauses }: WorkflowRestarterDeps,
  { batchSize, leaseDurationMs }: WorkflowRestarterOptions,
): WorkflowRestarter {
  let since = new Date(0);
  const handledRunIds = new Set<string>();

  async function handleInterrupted({ tripId, status, recovery }: InterruptedRun): Promise<void> {
    const trip = uuid.safeParse(tripId).success ? await registry.find(tripId) : undefined;
    if (trip === undefined) {
      logger.warn({ tripId, status }, "a workflow was interrupted whose trip the registry lacks");
      return;
    }
    // CANCELLED is recorded last, when nothing is held any more.
    if (trip.status === "CANCELLED") return;
    if (recovery && status === "FAILED") {
      logger.error({ tripId }, "a restarted workflow failed again: its trip needs a person");
      return;
    }
    await restart(trip, describeStatus(status));
  }

  async function restart(trip: TripRow, whatHappened: string): Promise<void> {
    const input = createRecoveryInput(trip, whatHappened);
    const reply = await workflows.restart(input, { timeoutMs: callTimeoutMs });
    // A run completed meanwhile.
    if (reply.kind === "not-running") return;
    requireOutcome(reply);
    logger.warn({ tripId: trip.trip_id, reason: whatHappened }, "restarted the workflow of a trip");
  }

  async function handleOpen({ trip_id: tripId }: TripRow, signal: AbortSignal): Promise<void> {
    const reply = await workflows.exists(tripId, { timeoutMs: callTimeoutMs, signal });
    if (signal.aborted || requireOutcome(reply)) return;
    // Read again: the workflow may have recorded more before it was deleted.
    const trip = await registry.find(tripId);
    if (trip === undefined || trip.status === "CANCELLED") return;
    await restart(trip, "is gone from Temporal");
  }

  /** Lists the runs, those too that precede a page which cannot be read. */
  async function listRuns(signal: AbortSignal): Promise<ListedRuns> {
    const runs: InterruptedRun[] = [];
    for await (const reply of workflows.list(since, { timeoutMs: callTimeoutMs, signal })) {
      if (reply.kind !== "answered") return { runs, failure: reply };
      runs.push(reply.outcome);
    }
    return { runs };
  }

  const isLeft = ({ runId }: InterruptedRun) => !handledRunIds.has(runId);

  async function handleOnce(run: InterruptedRun): Promise<void> {
    await handleInterrupted(run);
    handledRunIds.add(run.runId);
  }

  /**
   * Works off the list, the oldest run first. A run that was handled is not handled again when the rest fails.
   * `since` moves up to the oldest run that is left.
   */
  async function restartListed(signal: AbortSignal): Promise<void> {
    const { runs, failure } = await listRuns(signal);
    if (signal.aborted) return;
    const sorted = runs.toSorted((one, other) => one.closedAt.getTime() - other.closedAt.getTime());
    try {
      await handleEach(sorted.filter(isLeft), signal, {
        handle: handleOnce,
        getKey: ({ runId }) => runId,
        pauses,
      });
    } finally {
      const last = sorted.find(isLeft) ?? sorted.at(-1);
      if (failure === undefined && last !== undefined) moveTo(last, sorted);
    }
    if (failure !== undefined) requireOutcome(failure);
  }

  function moveTo({ closedAt }: InterruptedRun, listed: readonly InterruptedRun[]): void {
    const listedRunIds = new Set(listed.map(({ runId }) => runId));
    for (const runId of handledRunIds) if (!listedRunIds.has(runId)) handledRunIds.delete(runId);
    since = new Date(Math.max(since.getTime(), closedAt.getTime() - overlapMs));
  }

  async function restartDeleted(signal: AbortSignal): Promise<void> {
    const open = await registry.claimOpen({ limit: batchSize, leaseDurationMs });
    await handleEach(open, signal, {
      handle: (trip) => handleOpen(trip, signal),
      getKey: (trip) => trip.trip_id,
      pauses,
    });
  }

  return {
    async restartInterrupted(signal) {
      // Neither keeps the other from its work.
      const results = await Promise.allSettled([restartListed(signal), restartDeleted(signal)]);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    },
  };
}

function requireOutcome<Outcome>(reply: Reply<Outcome>): Outcome {
  if (reply.kind === "answered") return reply.outcome;
  if (reply.kind === "unavailable") throw reply.cause;
  throw new Error(`Temporal did not answer within ${callTimeoutMs} ms`);
}

function describeStatus(status: string): string {
  const words = status.toLowerCase().replace("_", " ");
  return words === "failed" ? words : `was ${words}`;
}

function createRecoveryInput(trip: TripRow, whatHappened: string): TripInput {
  const { version, compensation_version, delay_version } = trip;
  const requested = trip.stop_kind === "CANCEL" ? trip.stop_reason : null;
  const last = Math.max(Number(version), Number(compensation_version), Number(delay_version));
  return {
    ...createTripInput(trip),
    recovery: {
      reason: trip.compensation_reason ?? requested ?? `its workflow ${whatHappened}`,
      versionFloor: (Math.floor(last / versionsPerRun) + 1) * versionsPerRun,
    },
  };
}
