import type { Logger } from "@fanfare/service";
import type { TripRow } from "../registry/tables.ts";
import { createTripInput } from "../registry/trip-input.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";
import type { TripWorkflows } from "../temporal/trip-workflows.ts";
import type { FailurePauses } from "./failure-pauses.ts";
import { handleEach } from "./handle-each.ts";

/** The dependencies of `startMissingWorkflows`. */
export interface StartMissingWorkflowsDeps {
  readonly registry: Pick<TripRegistry, "claimUnstarted">;
  readonly workflows: Pick<TripWorkflows, "ensureStarted">;
  readonly logger: Logger;
  /** The pauses of the trips whose workflow could not be started. */
  readonly pauses: FailurePauses;
}

/** How many trips one call handles. */
export interface StartMissingWorkflowsOptions {
  readonly batchSize: number;
  /** How long no process handles a trip again that this call has claimed. */
  readonly leaseDurationMs: number;
}

const callTimeoutMs = 5_000;

/**
 * Starts the workflows of one batch of REQUESTED trips whose workflow is overdue. Several processes may
 * do so concurrently. Throws when the database or Temporal is unavailable.
 */
export async function startMissingWorkflows(
  signal: AbortSignal,
  { registry, workflows, logger, pauses }: StartMissingWorkflowsDeps,
  { batchSize, leaseDurationMs }: StartMissingWorkflowsOptions,
): Promise<void> {
  const unstarted = await registry.claimUnstarted({ limit: batchSize, leaseDurationMs });
  async function start(trip: TripRow): Promise<void> {
    const call = { timeoutMs: callTimeoutMs };
    const reply = await workflows.ensureStarted(createTripInput(trip), call);
    if (reply.kind === "unavailable") throw reply.cause;
    if (reply.kind === "timed-out") {
      throw new Error(`Temporal did not answer within ${callTimeoutMs} ms`);
    }
    const tripId = trip.trip_id;
    if (reply.kind === "answered")
      logger.info({ tripId }, "started the missing workflow of a trip");
    else logger.warn({ tripId }, "a trip is REQUESTED although its workflow has closed");
  }
  await handleEach(unstarted, signal, {
    handle: start,
    getKey: (trip) => trip.trip_id,
    pauses,
  });
}
