import { createBackoff, describeReason } from "@fanfare/bus/kit";
import type { Logger } from "@fanfare/service";
import type { Kysely } from "kysely";
import { deleteDraft, leaseDueDrafts, makeDraftsDue, markDraftFailed } from "./draft-store.ts";
import { findContent } from "./find-content.ts";
import { writeReceipt } from "./receipt/write-receipt.ts";
import type { Regions } from "./regions.ts";
import { maxBatchSize } from "./start-loop.ts";
import { addReceipt } from "./store.ts";
import type { DraftRow, NotificationsDatabase } from "./tables.ts";

/** Options of `writeDrafts` and `startWriting`. */
export interface WriteOptions {
  readonly db: Kysely<NotificationsDatabase>;
  readonly regions: Regions;
  readonly logger: Logger;
  /** Stops writing. Drafts that are being written become due again. */
  readonly signal: AbortSignal;
}

const timeoutMs = 10_000;
const backoff = createBackoff({ initialIntervalMs: 1_000, maxIntervalMs: 300_000, jitter: 0 });

/**
 * Writes the receipts whose drafts are due, one batch at most, and returns how many of them are done. Each is written
 * once, in the language and time zone that riders has of the rider. A draft that cannot be written, as riders
 * does not answer, is due again after 1 s, 2 s, 4 s and so on, up to 5 min. The draft of an erased rider is deleted.
 */
export async function writeDrafts(options: WriteOptions): Promise<number> {
  const { db, signal } = options;
  // The lease outlasts the timeout, so that no other process writes the same draft meanwhile.
  const due = await leaseDueDrafts(db, {
    limit: maxBatchSize,
    leaseDurationMs: timeoutMs + 20_000,
  });
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const done = await Promise.all(due.map((draft) => writeOne(options, draft, timeout)));
  return done.filter(Boolean).length;
}

/** Returns whether the draft is done. */
async function writeOne(
  { db, regions, logger }: WriteOptions,
  draft: DraftRow,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, trip_id, rider_id, refund_id, event, attempts } = draft;
  try {
    const region = await regions.find(rider_id, { signal });
    if (region === undefined) {
      await deleteDraft(db, id);
      logger.info({ tripId: trip_id }, "no receipt: the rider was erased");
      return true;
    }
    await db.transaction().execute(async (tx) => {
      if (!(await deleteDraft(tx, id))) return;
      const content = await findContent(tx, draft);
      if (content === undefined) return;
      const text = writeReceipt(content, region);
      await addReceipt(tx, { trip_id, rider_id, refund_id, event, ...text });
    });
    await makeDraftsDue(db, trip_id);
    return true;
  } catch (error) {
    const delayMs = backoff(attempts);
    logger.warn({ err: error, tripId: trip_id, delayMs }, "receipt not written, will retry");
    await markDraftFailed(db, id, { error: describeReason(error), delayMs });
    return false;
  }
}
