import type { Logger } from "@fanfare/service";
import type { RefundWorkflows } from "../refunds/refund-workflows.ts";
import type { TripRefunds } from "../refunds/trip-refunds.ts";
import type { RefundRow } from "../registry/tables.ts";

/** The dependencies of `deliverRefunds`. */
export interface DeliverRefundsDeps {
  readonly refunds: Pick<TripRefunds, "claim">;
  readonly refundWorkflows: RefundWorkflows;
  readonly logger: Logger;
}

const callTimeoutMs = 5_000;

/**
 * Starts the workflows of one batch of the refunds that are neither published nor refused, beside each other:
 * their process died, Temporal did not answer, or their workflow was terminated or deleted. A workflow that
 * runs is left alone. Several processes may do so concurrently. Throws when the database is unavailable.
 */
export async function deliverRefunds(
  signal: AbortSignal,
  { refunds, refundWorkflows, logger }: DeliverRefundsDeps,
  { batchSize }: { readonly batchSize: number },
): Promise<void> {
  async function deliver(refund: RefundRow): Promise<void> {
    const { trip_id: tripId, refund_id: refundId, deliveries } = refund;
    const reply = await refundWorkflows.start(refund, { timeoutMs: callTimeoutMs, signal });
    if (signal.aborted || reply.kind === "answered") return;
    logger.warn({ tripId, refundId, deliveries, reply }, "a refund is not made yet");
  }
  await Promise.all((await refunds.claim(batchSize)).map(deliver));
}
