import { BusError } from "@fanfare/bus";
import { type Kysely, sql, type Transaction } from "kysely";
import { partitionCount } from "../outbox/partitions.ts";
import { type PublishEventsOptions, type PublishOutcome, publishEvents } from "./publish-events.ts";
import {
  type ClaimResult,
  claimEvents,
  lockPartitions,
  markRejected,
  type Rejection,
  removeEvents,
} from "./relay-store.ts";
import type { ScanBounds } from "./scan-bounds.ts";
import { type ScanResult, scanOutbox, type TopicPartition } from "./scan-outbox.ts";

/** The outbox, the bus and the limits of a batch. */
export interface BatchOptions<DB> extends PublishEventsOptions {
  readonly db: Kysely<DB>;
  /** The most events of the batch. */
  readonly size: number;
  readonly bounds: ScanBounds;
  readonly unremoved: Map<string, string>;
}

/** The result of a batch. */
export interface BatchResult {
  /** The number of events that were read. */
  readonly read: number;
  readonly published: number;
  /** The published events that the broker already had. */
  readonly duplicates: number;
  /** The topics of the published events. */
  readonly topics: ReadonlySet<string>;
  readonly rejected: readonly Rejection[];
  /** The topics whose events could not be published for now, with the error. */
  readonly failed: ReadonlyMap<string, BusError>;
  /** Why some events could not be removed or rejected, while others were. */
  readonly storeError?: unknown;
}

interface Batch extends ClaimResult, PublishOutcome {
  readonly partitions: readonly TopicPartition[];
  readonly limit: number;
  readonly storeError: unknown;
}

/**
 * Publishes one batch. Scans for partitions with events. Then, in one transaction, locks some that no
 * other relay holds, claims their first events, publishes them, and removes them. The locks end with
 * the transaction, which the server ends when this process stops responding.
 */
export async function publishBatch<DB>(options: BatchOptions<DB>): Promise<BatchResult> {
  const { db, bounds, methods, unremoved } = options;
  const plan = bounds.plan([...methods.keys()].flatMap(listPartitions));
  const scan = await scanOutbox(db, plan);
  bounds.recordScan(plan, scan);
  if (scan.waiting.length === 0) return emptyResult;
  // Under a stricter default isolation level, the claim would still see events that another relay has
  // published and removed before this transaction had the lock.
  const transaction = db.transaction().setIsolationLevel("read committed");
  const batch = await transaction.execute((tx) => runBatch(tx, scan, options));
  if (batch === undefined) return emptyResult;
  for (const { sequence } of batch.published) unremoved.delete(sequence);
  raiseBounds(bounds, batch, scan);
  const { published, rejected, failed, duplicates, events, storeError } = batch;
  const topics = new Set(published.map(({ topic }) => topic));
  const counts = { read: events.length, published: published.length, duplicates };
  const result = { ...counts, topics, rejected, failed };
  return storeError === undefined ? result : { ...result, storeError };
}

const emptyResult: BatchResult = {
  read: 0,
  published: 0,
  duplicates: 0,
  topics: new Set(),
  rejected: [],
  failed: new Map(),
};

async function runBatch<DB>(
  tx: Transaction<DB>,
  { waiting }: ScanResult,
  { bounds, size, leaseDurationMs, ...options }: BatchOptions<DB>,
): Promise<Batch | undefined> {
  const partitions = await lockPartitions(tx, { waiting, leaseDurationMs });
  if (partitions.length === 0) return undefined;
  const limit = Math.ceil(size / partitions.length);
  // A separate statement sees everything that was committed before the lock.
  const claimed = await claimEvents(tx, { plan: bounds.plan(partitions), limit });
  const outcome = await publishEvents(claimed.events, { ...options, leaseDurationMs });
  for (const { sequence, id } of outcome.published) options.unremoved.set(sequence, id);
  await removeEvents(
    tx,
    outcome.published.map(({ sequence }) => sequence),
  );
  const error = await reject(tx, outcome.rejected);
  const rejected = error === undefined ? outcome.rejected : [];
  const storeError = error ?? createKeptError(claimed.kept);
  return { ...claimed, ...outcome, rejected, partitions, limit, storeError };
}

/** Returns the error for events that PostgreSQL did not remove, without an error of its own. */
function createKeptError(kept: number): BusError | undefined {
  if (kept === 0) return undefined;
  return new BusError(
    "permission_denied",
    `the relay reads ${kept} events of the outbox that it cannot remove, so it does not publish them: check the triggers, rules and row-level security of the table`,
  );
}

/** Marks events as rejected. Returns the error when that fails, so that others are removed. */
async function reject<DB>(tx: Transaction<DB>, rejected: readonly Rejection[]): Promise<unknown> {
  if (rejected.length === 0) return undefined;
  await sql`savepoint before_reject`.execute(tx);
  try {
    await markRejected(tx, rejected);
    return undefined;
  } catch (reason) {
    await sql`rollback to savepoint before_reject`.execute(tx);
    return reason;
  }
}

/** Raises the bounds of the partitions whose events are all settled. */
function raiseBounds(bounds: ScanBounds, batch: Batch, { last, writers }: ScanResult): void {
  if (batch.kept > 0 || last === null) return;
  const settled = new Set([...batch.published, ...batch.rejected].map(({ sequence }) => sequence));
  const byPartition = Map.groupBy(batch.events, formatPartition);
  for (const partition of batch.partitions) {
    const events = byPartition.get(formatPartition(partition)) ?? [];
    if (!events.every(({ sequence }) => settled.has(sequence))) continue;
    // A cut batch may have read no event of a partition where some wait.
    const more = batch.cut || events.length === batch.limit;
    if (more && events.length === 0) continue;
    const lastRead = more ? events.at(-1)?.sequence : undefined;
    const position = lastRead === undefined || BigInt(lastRead) > BigInt(last) ? last : lastRead;
    bounds.raise(partition, { last: position, writers });
  }
}

function formatPartition({ topic, partition }: TopicPartition): string {
  return `${topic}\n${partition}`;
}

function listPartitions(topic: string): TopicPartition[] {
  return Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }));
}
