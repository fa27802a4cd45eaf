import type { JetStreamManager } from "@nats-io/jetstream";
import { callJetStream } from "../connection/call-jetstream.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import { hasNoResponders, toBusError } from "../connection/to-bus-error.ts";
import { createDeadline } from "../deadline.ts";
import { ensureFailureStream } from "../failures/failure-stream.ts";
import type { GroupTopic } from "../groups/group-topic.ts";
import type { Settings } from "../settings.ts";
import { formatConsumerName, formatStreamName } from "../wire/subject.ts";
import { computeLoss, type KnownDeliveries, type LossCheckpoint } from "./compute-loss.ts";
import { readLossRecord, writeLossRecord } from "./loss-record.ts";
import { readSnapshot } from "./read-snapshot.ts";

/** How often a checkpoint without a loss is stored, at most, in milliseconds. */
const storeIntervalMs = 60_000;
/** How long one check may take, in milliseconds. */
const timeoutMs = 4_000;
/** How often a check starts again when other processes store checkpoints meanwhile. */
const maxConflicts = 5;

/** Finds out when retention removes events that a group has not processed on one topic. */
export interface LossWatch {
  /** Counts a delivery to this process. */
  countDelivery(kind: keyof KnownDeliveries): void;
  /** Counts an event that this process returns: one that was removed meanwhile is delivered to nobody. */
  countReturn(sequence: number): void;
  /** Starts to compare consumer and stream, unless that is under way. Call it every few seconds. */
  check(): void;
  /** Stores up to where the losses are counted. Never rejects. */
  close(): Promise<void>;
}

/** What a loss watch requires. */
export interface LossWatchOptions {
  readonly connection: ManagedConnection;
  readonly settings: Settings;
  readonly group: string;
  readonly topic: string;
  /** Called with how many events the group has lost. */
  onLost(count: number): void;
}

/**
 * Creates a loss watch. The processes of a group share a stored checkpoint, so that one of them reports
 * each loss, also one from before it started. Without the permission to look the stream up
 * (STREAM.INFO) it reports nothing.
 */
export function createLossWatch(options: LossWatchOptions): LossWatch {
  const { connection, settings, group, topic } = options;
  const about: GroupTopic = { prefix: settings.prefix, group, topic };
  const stream = formatStreamName(settings.prefix, topic);
  let checkpoint: LossCheckpoint | undefined;
  let revision = 0;
  let known = { first: 0, repeated: 0 };
  let firstSequence = 0;
  let returned = 0;
  let storedAt = -Infinity;
  let storedSequence = -1;
  let isForbidden = false;
  let running: Promise<void> | undefined;
  const closing = new AbortController();
  /** At a close, the final check leaves time for what else has to end. */
  const lastTimeoutMs = Math.min(timeoutMs, settings.requestTimeoutMs / 2);

  const compare = async (api: JetStreamManager, isLast: boolean) => {
    const { first } = known;
    const info = await api.consumers.info(stream, formatConsumerName(group));
    const snapshot = await readSnapshot(api, info);
    firstSequence = snapshot.firstSequence;
    if (checkpoint === undefined) await adopt(api);
    for (let conflicts = 0; conflicts <= maxConflicts; conflicts += 1) {
      const removed = returned;
      const computed = computeLoss(checkpoint, snapshot, known);
      const next = { ...computed, lost: computed.lost + removed };
      const lost = next.lost - (checkpoint?.lost ?? 0);
      if (lost === 0 && !mustStore(next, isLast)) return advance(next, first);
      const own = await store(api, next);
      if (own !== undefined) {
        revision = own;
        storedAt = performance.now();
        storedSequence = next.sequence;
        returned -= removed;
        advance(next, first);
        if (lost > 0) options.onLost(lost);
        return;
      }
      await adopt(api);
    }
  };

  /** The first deliveries since the snapshot was requested may not be in it. */
  const advance = (next: LossCheckpoint, firstBefore: number) => {
    checkpoint = next;
    known = { first: known.first - firstBefore, repeated: 0 };
  };

  const mustStore = ({ sequence }: LossCheckpoint, isLast: boolean) =>
    sequence !== storedSequence && (isLast || performance.now() - storedAt >= storeIntervalMs);

  /** Continues at the checkpoint that another process has stored. */
  const adopt = async (api: JetStreamManager) => {
    const record = await readLossRecord(api, about);
    revision = record.revision;
    checkpoint = record.checkpoint ?? checkpoint;
    known = { ...known, repeated: 0 };
  };

  const store = async (api: JetStreamManager, next: LossCheckpoint) => {
    const write = () => writeLossRecord(api, about, { checkpoint: next, revision });
    try {
      return await write();
    } catch (reason) {
      if (!settings.provision || !hasNoResponders(reason)) throw reason;
      await ensureFailureStream(api, settings, group);
      return await write();
    }
  };

  const run = async (isLast: boolean): Promise<void> => {
    const what = `cannot compare group ${group} with the stream of topic ${topic}`;
    const deadline = isLast
      ? createDeadline(lastTimeoutMs)
      : createDeadline(timeoutMs, closing.signal);
    const call = { about: what, deadline };
    try {
      await callJetStream(connection, call, (api) => compare(api, isLast));
    } catch (reason) {
      // The next check tries again. What keeps events from arriving shows elsewhere.
      isForbidden = toBusError(reason, what).code === "permission_denied";
    }
  };

  return {
    countDelivery(kind) {
      known[kind] += 1;
    },
    countReturn(sequence) {
      if (sequence < firstSequence) returned += 1;
    },
    check() {
      if (isForbidden || connection.client() === undefined) return;
      running ??= run(false).finally(() => {
        running = undefined;
      });
    },
    async close() {
      closing.abort();
      await running;
      if (isForbidden || connection.client() === undefined) return;
      await run(true);
    },
  };
}
