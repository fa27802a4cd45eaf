import type { Logger } from "@fanfare/service";

/** SendableReceipt is what a sender needs to know. */
export interface SendableReceipt {
  /** The same when a receipt is sent again, so that a provider can tell. */
  readonly id: string;
  readonly tripId: string;
  readonly riderId: string;
  readonly subject: string;
  readonly text: string;
}

/** ReceiptSender hands receipts to riders, by mail or whatever there is. */
export interface ReceiptSender {
  /** send resolves once the receipt is on its way and rejects when it is not; it stops when the signal aborts. */
  send(receipt: SendableReceipt, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** createLogSender makes a sender that writes receipts into the log. */
export function createLogSender(logger: Logger): ReceiptSender {
  return {
    async send({ id, tripId, riderId, subject, text }) {
      logger.info({ receiptId: id, tripId, riderId, subject, text }, "receipt sent");
    },
  };
}
