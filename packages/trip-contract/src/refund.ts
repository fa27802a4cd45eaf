import type { Amount } from "./money.ts";

/** The workflow type of a refund. */
export const refundWorkflowType = "refund";

/** The input of the refund workflow. */
export interface RefundInput {
  readonly tripId: string;
  /** Identifies the refund among those of the trip. */
  readonly refundId: string;
  readonly amount: Amount;
}

/** The result of the refund workflow. */
export type RefundOutcome = "PUBLISHED" | "REFUSED";

/**
 * Returns the workflow id of a refund. Every idempotency key of the refund begins with it.
 *
 * @example
 * ```ts
 * createRefundWorkflowId("42", "wrong-fare"); // "refund/42/wrong-fare"
 * ```
 */
export function createRefundWorkflowId(tripId: string, refundId: string): string {
  return `refund/${tripId}/${refundId}`;
}
