import { BusError } from "@fanfare/bus";
import { createDeferred, type Deferred } from "@fanfare/bus/kit";
import type { NatsConnection } from "@nats-io/nats-core";
import { computePublishDelay } from "../connection/compute-retry-delay.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import type { PendingRequest } from "../connection/request-mux.ts";
import { isTransient } from "../connection/to-bus-error.ts";
import { type Deadline, pauseUntil } from "../deadline.ts";

/** One event on the way to its stream. */
export interface QueuedPublish {
  /** The position in the order of calls. */
  readonly order: number;
  readonly deadlineAt: number;
  readonly request: PendingRequest;
  /** Why it has to be sent again. */
  failure: BusError | undefined;
  isSent: boolean;
  reject(error: BusError): void;
}

/** Sends the events of one topic to its stream in the order of calls. */
export interface PublishQueue {
  /** Sends a publish at once, or behind those that are held. */
  send(publish: QueuedPublish): void;
  /** Holds a publish that may not have arrived, to send it again. */
  resend(publish: QueuedPublish, error: BusError): void;
  /** Removes a publish that is stored or rejected. */
  remove(publish: QueuedPublish, isStored: boolean): void;
}

/** How long a round waits for the look-up of its stream, in milliseconds. */
const lookUpMs = 1_000;

/** What a publish queue requires. */
export interface PublishQueueOptions {
  readonly connection: ManagedConnection;
  /**
   * Looks the stream up when nothing receives its subject, and creates it when it is missing. Resolves
   * to undefined when this process may not look it up, otherwise to when it was created.
   */
  ensureStream(deadline: Deadline): Promise<string | undefined>;
}

/**
 * Creates a queue that sends publishes at once as long as none fails. After a failure it holds new
 * publishes, waits for the outcome of all that were sent, and sends the failed and the held ones in the
 * order of calls. The stream drops duplicates by their ids.
 */
export function createPublishQueue(options: PublishQueueOptions): PublishQueue {
  const { connection } = options;
  const held = new Set<QueuedPublish>();
  let sentCount = 0;
  let isRecovering = false;
  let rounds = 0;
  /** Resolves when no publish is sent and unanswered; set while the recovery waits for that. */
  let idle: Deferred<void> | undefined;

  const transmit = (publish: QueuedPublish, client: NatsConnection) => {
    publish.isSent = true;
    sentCount += 1;
    publish.request.send(client);
  };
  const markUnsent = (publish: QueuedPublish) => {
    if (!publish.isSent) return;
    publish.isSent = false;
    sentCount -= 1;
    if (sentCount === 0) idle?.resolve();
  };
  const hold = (publish: QueuedPublish) => {
    held.add(publish);
    if (!isRecovering) void recover();
  };

  const recover = async () => {
    isRecovering = true;
    while (sentCount + held.size > 0) {
      if (sentCount > 0) {
        idle = createDeferred<void>();
        await idle.promise;
      }
      if (held.size === 0) break;
      try {
        await sendHeld();
        if (held.size === 0) break;
      } catch (reason) {
        const error = BusError.from(reason);
        if (isTransient(error)) continue;
        for (const publish of held) publish.reject(error);
      }
    }
    isRecovering = false;
  };

  /** Waits only a moment: while a stream has no leader, nothing answers. */
  const ensureStream = async (at: number) => {
    try {
      const created = await options.ensureStream({
        at: Math.min(at, performance.now() + lookUpMs),
      });
      if (created === undefined) return;
      const error = new BusError("no_leader", "the stream exists, and has no leader");
      for (const publish of held) publish.failure = error;
    } catch (reason) {
      const error = BusError.from(reason);
      if (!isTransient(error) && error.code !== "deadline_exceeded") throw error;
    }
  };

  const sendHeld = async () => {
    const publishes = Array.from(held);
    const at = publishes.reduce((latest, { deadlineAt }) => Math.max(latest, deadlineAt), 0);
    const isStreamMissing = publishes.some(({ failure }) => failure?.code === "not_provisioned");
    rounds += 1;
    if (rounds > 1) await pauseUntil(computePublishDelay(rounds - 1), { at });
    if (isStreamMissing) await ensureStream(at);
    await connection.connected({ at });
    // The connection may be lost again by now: then the next round waits for it.
    const client = connection.client();
    if (client === undefined) return;
    const sorted = Array.from(held).toSorted((a, b) => a.order - b.order);
    held.clear();
    for (const publish of sorted) transmit(publish, client);
  };

  return {
    send(publish) {
      const client = isRecovering ? undefined : connection.client();
      if (client === undefined) hold(publish);
      else transmit(publish, client);
    },
    resend(publish, error) {
      publish.failure = error;
      markUnsent(publish);
      hold(publish);
    },
    remove(publish, isStored) {
      held.delete(publish);
      markUnsent(publish);
      if (isStored) rounds = 0;
    },
  };
}
