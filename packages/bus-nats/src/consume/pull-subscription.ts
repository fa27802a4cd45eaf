import { BusError } from "@fanfare/bus";
import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  nanos,
  type Subscription,
} from "@nats-io/nats-core";
import { computeRetryDelay } from "../connection/compute-retry-delay.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import { toBusError } from "../connection/to-bus-error.ts";
import { createPullRequests } from "./pull-requests.ts";
import { parsePullStatus } from "./pull-status.ts";

/** The default duration of a pull request, in milliseconds. */
const pullDurationMs = 30_000;
/** The interval of the server's heartbeats while a pull request is idle, in milliseconds. */
const heartbeatMs = 5_000;
/** Tolerates one lost heartbeat, in milliseconds. */
const silenceMs = 2.5 * heartbeatMs;

/** Receives the messages of one consumer, as many as are requested. */
export interface PullSubscription {
  /** Whether requests can be sent: connected, and not backing off after a failure. */
  readonly isReady: boolean;
  /** How many requested messages have not arrived. */
  readonly outstanding: number;
  /** Why no messages arrive; undefined while they do. */
  readonly error: BusError | undefined;
  /** Requests messages for `durationMs` (30,000 by default); 0 requests what is pending now. */
  request(count: number, durationMs?: number): void;
  /** Detects requests that the server has lost. Call it every few seconds. */
  check(): void;
  /** Stops receiving. Messages that arrive meanwhile are passed to `onUnrequested`. */
  close(): Promise<void>;
}

/** A consumer, and the callbacks that receive its messages. */
export interface PullSubscriptionOptions {
  readonly connection: ManagedConnection;
  readonly inboxPrefix: string;
  readonly stream: string;
  readonly consumer: string;
  onMessage(message: Msg): void;
  /** Called with a message that was not requested, or no longer. */
  onUnrequested(message: Msg): void;
  /** Called when the consumer does not exist. */
  onConsumerMissing(): void;
  /**
   * Called with the number of requested messages that will not arrive; with 0 when the subscription
   * has become ready.
   */
  onReturned(count: number): void;
}

/** Opens a subscription that lasts, over all reconnects, until it is closed. */
export function openPullSubscription(options: PullSubscriptionOptions): PullSubscription {
  const { connection, stream, consumer } = options;
  const subject = `${connection.apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
  const about = `consumer ${consumer} of stream ${stream}`;
  const requests = createPullRequests();
  let client: NatsConnection | undefined;
  let subscription: Subscription | undefined;
  let inbox = "";
  let error: BusError | undefined;
  let failures = 0;
  let backoff: NodeJS.Timeout | undefined;
  let lastMessageAt = 0;
  let isClosed = false;

  const clearError = () => {
    failures = 0;
    error = undefined;
  };
  const endBackoff = () => {
    clearTimeout(backoff);
    backoff = undefined;
  };

  const onMessage = (message: Msg) => {
    lastMessageAt = performance.now();
    if (message.reply?.startsWith("$JS.ACK.") !== true) return onStatus(message);
    clearError();
    if (isClosed || !requests.receive()) return options.onUnrequested(message);
    options.onMessage(message);
  };

  const onStatus = (message: Msg) => {
    const requestId = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    const status = parsePullStatus(message, about);
    if (status.type === "failed") {
      return fail(status.error, status.scope === "request" ? requestId : undefined);
    }
    clearError();
    if (status.type === "ended") options.onReturned(requests.end(requestId, status.remaining));
  };

  const subscribe = (to: NatsConnection) => {
    inbox = createInbox(options.inboxPrefix);
    const created = to.subscribe(`${inbox}.*`, {
      callback(reason, message) {
        if (subscription !== created) return;
        if (reason === null) return onMessage(message);
        fail(toBusError(reason, about));
      },
    });
    subscription = created;
  };

  /** Ends the subscription, so that later messages for its requests are dropped. */
  const unsubscribe = () => {
    const ended = subscription;
    subscription = undefined;
    ended?.unsubscribe();
    return requests.clear();
  };

  /** Ends one request, or all of them, and backs off. */
  const fail = (reason: BusError, requestId?: string) => {
    if (isClosed) return;
    error = reason;
    const count = requestId === undefined ? unsubscribe() : requests.end(requestId, undefined);
    if (backoff === undefined) {
      failures += 1;
      backoff = setTimeout(() => {
        backoff = undefined;
        options.onReturned(0);
      }, computeRetryDelay(failures));
      backoff.unref();
    }
    options.onReturned(count);
    if (reason.code === "not_provisioned") options.onConsumerMissing();
  };

  const stopListening = connection.listen({
    onConnected(connected) {
      client = connected;
      clearError();
      endBackoff();
      options.onReturned(unsubscribe());
    },
    onDisconnected() {
      client = undefined;
      options.onReturned(unsubscribe());
    },
    onPermissionDenied(violation) {
      if (violation.subject === subject) fail(toBusError(violation, about));
    },
  });

  return {
    get isReady() {
      return !isClosed && client !== undefined && backoff === undefined;
    },
    get outstanding() {
      return requests.outstanding;
    },
    get error() {
      return error;
    },
    request(count, durationMs = pullDurationMs) {
      if (client === undefined) return;
      if (subscription === undefined) subscribe(client);
      const now = performance.now();
      if (requests.outstanding === 0) lastMessageAt = now;
      const id = requests.add({ count, endsAt: now + durationMs + 2 * heartbeatMs });
      try {
        const request = JSON.stringify(encodePullRequest(count, durationMs));
        client.publish(subject, request, { reply: `${inbox}.${id}` });
      } catch (reason) {
        fail(toBusError(reason, about), id);
      }
    },
    check() {
      if (client === undefined || requests.outstanding === 0) return;
      const now = performance.now();
      if (now - lastMessageAt > silenceMs) {
        fail(new BusError("unavailable", `${about}: no heartbeat from the server`));
      } else {
        options.onReturned(requests.expire(now));
      }
    },
    async close() {
      isClosed = true;
      endBackoff();
      stopListening();
      if (client === undefined || subscription === undefined) return;
      await subscription.drain().catch((reason: unknown) => {
        if (!(reason instanceof errors.RequestError)) throw toBusError(reason, about);
      });
    },
  };
}

function encodePullRequest(count: number, durationMs: number) {
  return {
    batch: count,
    ...(durationMs === 0 ? { no_wait: true } : { expires: nanos(durationMs) }),
    ...(durationMs < 2 * heartbeatMs ? {} : { idle_heartbeat: nanos(heartbeatMs) }),
  };
}
