import type { RefundInput, RefundOutcome } from "@fanfare/trip-contract";
import { CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { RefundActivities } from "./refund-activities.ts";

/** The step that calls billing. Its idempotency key is `<workflow id>/<step>`. */
const refundStep = "refund-capture";

const activities = proxyActivities<RefundActivities>({
  startToCloseTimeout: 5_000,
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 10_000 },
});

/**
 * Refunds a settled trip. Every step goes forward and is retried until it succeeds; a cancellation changes
 * nothing. It may be started again after it has closed.
 */
export async function refund(input: RefundInput): Promise<RefundOutcome> {
  return await CancellationScope.nonCancellable(async () => {
    const { refusal } = await activities.refundCapture({ ...input, step: refundStep });
    if (refusal !== undefined) {
      await activities.recordRefusedRefund({ ...input, refusal });
      return "REFUSED";
    }
    const refunded = await activities.recordRefunded(input);
    await activities.publishTripRefunded(refunded);
    await activities.recordPublishedRefund(input);
    return "PUBLISHED";
  });
}
