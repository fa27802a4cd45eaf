import { createBackoff, describeReason } from "@fanfare/bus/kit";
import type { Logger } from "@fanfare/service";
import type { Kysely } from "kysely";
import type { ReceiptSender } from "./receipt-sender.ts";
import { maxBatchSize } from "./start-loop.ts";
import { leaseDueReceipts, markFailed, markSent } from "./store.ts";
import type { NotificationsDatabase, ReceiptRow } from "./tables.ts";

/** Options of `sendReceipts` and `startSending`. */
export interface SendOptions {
  readonly db: Kysely<NotificationsDatabase>;
  readonly sender: ReceiptSender;
  readonly logger: Logger;
  /** Stops sending. Receipts that are being sent become due again. */
  readonly signal: AbortSignal;
  /** The timeout of the sender for one receipt, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

const backoff = createBackoff({ initialIntervalMs: 1_000, maxIntervalMs: 300_000, jitter: 0 });

/**
 * Sends the receipts that are due, one batch at most, and returns how many were sent. Each is sent at
 * least once; it is sent twice only when the process dies, or loses the database, after sending and
 * before marking it. A receipt that cannot be sent is due again after 1 s, 2 s, 4 s and so on, up to
 * 5 min.
 */
export async function sendReceipts(options: SendOptions): Promise<number> {
  const { db, signal, timeoutMs = 10_000 } = options;
  // The lease outlasts the timeout, so that no other process sends the same receipt meanwhile.
  const due = await leaseDueReceipts(db, {
    limit: maxBatchSize,
    leaseDurationMs: timeoutMs + 20_000,
  });
  const sent = await Promise.all(
    due.map((receipt) =>
      sendOne(options, receipt, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])),
    ),
  );
  return sent.filter(Boolean).length;
}

/** Returns whether the receipt was sent. */
async function sendOne(
  { db, sender, logger }: SendOptions,
  receipt: ReceiptRow,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, trip_id: tripId, rider_id: riderId, subject, text } = receipt;
  try {
    await rejectOnAbort(signal, () =>
      sender.send({ id, tripId, riderId, subject, text }, { signal }),
    );
  } catch (error) {
    const delayMs = backoff(receipt.attempts);
    logger.warn({ err: error, receiptId: id, tripId, delayMs }, "receipt not sent, will retry");
    await markFailed(db, id, { error: describeReason(error), delayMs });
    return false;
  }
  await markSent(db, id);
  return true;
}

/** Rejects when the signal aborts, also when the work ignores the signal. */
async function rejectOnAbort(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
