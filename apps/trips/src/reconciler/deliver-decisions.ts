import type { Logger } from "@fanfare/service";
import { type DeliverDecisionDeps, deliverDecision } from "../operators/deliver-decision.ts";
import { toNewLogEntry } from "../operators/operator-log.ts";
import type { OperatorLogRow } from "../registry/tables.ts";
import type { TripRegistry } from "../registry/trip-registry.ts";

/** The dependencies of `deliverDecisions`. */
export interface DeliverDecisionsDeps extends DeliverDecisionDeps {
  readonly registry: DeliverDecisionDeps["registry"] &
    Pick<TripRegistry, "claimDecisions" | "find">;
  readonly logger: Logger;
}

const callTimeoutMs = 5_000;

/**
 * Delivers one batch of the logged decisions that no workflow has got, because their process died or Temporal
 * did not answer, beside each other. Forgets a decision once its trip is final without a workflow. Several
 * processes may do so concurrently. Throws when the database is unavailable.
 */
export async function deliverDecisions(
  signal: AbortSignal,
  { registry, workflows, logger }: DeliverDecisionsDeps,
  { batchSize }: { readonly batchSize: number },
): Promise<void> {
  async function deliver(row: OperatorLogRow): Promise<void> {
    const entry = toNewLogEntry(row);
    const call = { timeoutMs: callTimeoutMs, signal };
    const reply = await deliverDecision(entry, call, { registry, workflows });
    if (signal.aborted) return;
    const { entryId, subject: tripId } = entry;
    if (reply.kind === "answered") logger.info({ tripId, entryId }, "delivered a decision");
    else logger.warn({ tripId, entryId, reply }, "a decision did not take effect");
    if (reply.kind !== "not-running") return;
    const trip = await registry.find(tripId);
    // A trip that is not final gets another workflow.
    if (trip?.status === "SETTLED" || trip?.status === "CANCELLED") {
      await registry.closeDecision(entryId);
    }
  }
  await Promise.all((await registry.claimDecisions(batchSize)).map(deliver));
}
