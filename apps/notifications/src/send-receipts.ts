import type { Logger } from "@fanfare/service";
import type { Kysely } from "kysely";
import type { ReceiptSender } from "./receipt-sender.ts";
import { claimDueReceipts, markRefused, markSent } from "./store.ts";
import type { NotificationsDatabase, ReceiptRow } from "./tables.ts";

/** SendOptions are what sending receipts needs. */
export interface SendOptions {
  readonly db: Kysely<NotificationsDatabase>;
  readonly sender: ReceiptSender;
  readonly logger: Logger;
  /** Ends the sending; what was under way is due again. */
  readonly signal: AbortSignal;
  /** How long the sender may take for one receipt, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

/** The most receipts that are sent at a time. */
export const sendBatch = 10;

const firstRetryMs = 1_000;
const maxRetryMs = 300_000;

/**
 * sendReceipts sends the receipts that are due, a batch at most, and returns how many it took. Each
 * is sent at least once: again only when this process dies, or loses the database, between sending
 * and marking it. One that the sender refuses is due again after a second, then two, up to five
 * minutes.
 */
export async function sendReceipts(options: SendOptions): Promise<number> {
  const { db, signal, timeoutMs = 10_000 } = options;
  // The lease outlives the sending, so that nobody else sends the same receipt meanwhile.
  const due = await claimDueReceipts(db, { limit: sendBatch, leaseDurationMs: timeoutMs + 20_000 });
  await Promise.all(
    due.map((receipt) =>
      sendOne(options, receipt, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])),
    ),
  );
  return due.length;
}

async function sendOne(
  { db, sender, logger }: SendOptions,
  receipt: ReceiptRow,
  signal: AbortSignal,
): Promise<void> {
  const { id, trip_id: tripId, rider_id: riderId, subject, text } = receipt;
  try {
    await orAborted(signal, () => sender.send({ id, tripId, riderId, subject, text }, { signal }));
  } catch (error) {
    const delayMs = Math.min(maxRetryMs, firstRetryMs * 2 ** (receipt.attempts - 1));
    logger.warn({ err: error, receiptId: id, tripId, delayMs }, "a receipt could not be sent");
    await markRefused(db, id, { error: String(error), delayMs });
    return;
  }
  await markSent(db, id);
}

/** orAborted stops waiting for a sender that ignores its signal. */
async function orAborted(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
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
