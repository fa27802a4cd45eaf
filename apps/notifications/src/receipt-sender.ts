import type { Logger } from "@fanfare/service";

/** A receipt as a sender gets it. */
export interface SendableReceipt {
  /** Unchanged when the receipt is sent again, so that a provider can deduplicate by it. */
  readonly id: string;
  readonly tripId: string;
  readonly riderId: string;
  readonly subject: string;
  readonly text: string;
}

/** Sends receipts to riders, for example by mail. */
export interface ReceiptSender {
  /** Resolves when the provider has accepted the receipt, and rejects otherwise. Stops when the signal aborts. */
  send(receipt: SendableReceipt, options: { readonly signal: AbortSignal }): Promise<void>;
}

/**
 * Creates a sender that logs the ids of each receipt. Its text stays out of the log, which the erasure of a rider
 * does not change; ListReceipts returns it.
 */
export function createLogSender(logger: Pick<Logger, "info">): ReceiptSender {
  return {
    async send({ id, tripId, riderId }) {
      logger.info({ receiptId: id, tripId, riderId }, "receipt sent");
    },
  };
}
