import type { Logger } from "@fanfare/service";
import { inputOf } from "../api/start-trip.ts";
import type { Registry } from "../registry/store.ts";
import type { TripWorkflows } from "../temporal/trip-workflows.ts";

/** SweeperDeps are what the sweeper works with. */
export interface SweeperDeps {
  readonly registry: Pick<Registry, "claimUnstarted">;
  readonly workflows: Pick<TripWorkflows, "launch">;
  readonly logger: Logger;
}

/** SweeperOptions say how much it takes at once. */
export interface SweeperOptions {
  readonly batch: number;
  /** How long a trip that was taken is left alone, by all processes. */
  readonly leaseDurationMs: number;
}

const launchTimeoutMs = 5_000;

/**
 * sweep starts the workflows of one batch of REQUESTED trips that are overdue. Several processes may do
 * so at once. It throws when the database or Temporal is away.
 */
export async function sweep(
  signal: AbortSignal,
  { registry, workflows, logger }: SweeperDeps,
  { batch, leaseDurationMs }: SweeperOptions,
): Promise<void> {
  for (const trip of await registry.claimUnstarted({ limit: batch, leaseDurationMs })) {
    if (signal.aborted) return;
    const reply = await workflows.launch(inputOf(trip), { timeoutMs: launchTimeoutMs });
    if (reply.kind === "away") throw reply.cause;
    if (reply.kind === "late") throw new Error(`no answer within ${launchTimeoutMs} ms`);
    const tripId = trip.trip_id;
    if (reply.kind === "answered") logger.info({ tripId }, "started the workflow of a trip");
    else logger.warn({ tripId }, "a trip is REQUESTED and its workflow is over");
  }
}
