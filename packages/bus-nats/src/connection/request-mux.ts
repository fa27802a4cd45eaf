import { BusError } from "@fanfare/bus";
import { createDeferred } from "@fanfare/bus/kit";
import {
  createInbox,
  errors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from "@nats-io/nats-core";
import { createAbortError, type Deadline, remainingMs } from "../deadline.ts";
import type { ManagedConnection } from "./managed-connection.ts";
import { toBusError } from "./to-bus-error.ts";

/** A message that expects a reply. */
export interface RequestMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs;
}

/** A request and the callbacks that receive its outcome. */
export interface RequestCall {
  readonly message: RequestMessage;
  readonly deadline: Deadline;
  /**
   * How long each copy of the message waits for its reply before `onFailure` is called with
   * `unavailable`, in milliseconds; doubled with each copy. Default: until the deadline.
   */
  readonly replyTimeoutMs?: number;
  /** Called once, with the reply to any copy of the message that was sent. */
  onReply(reply: Msg): void;
  /**
   * Called with `deadline_exceeded` or `aborted` when the request is over. Called with
   * `not_provisioned` (no responders), `unavailable` (connection lost, or no reply in time) or `permission_denied` while
   * it is open: send it again, or cancel it.
   */
  onFailure(error: BusError): void;
}

/** Until when one message waits for its reply. */
export interface ReplyDeadline extends Deadline {
  /** After how many milliseconds it rejects with `unavailable`, to be sent again. Default: at the deadline. */
  readonly replyTimeoutMs?: number;
}

/** A request that waits for its reply, sent or not. */
export interface PendingRequest {
  /** Sends the message. May be called again. */
  send(client: NatsConnection): void;
  /** Ends the request without calling `onReply` or `onFailure`. */
  cancel(): void;
}

/**
 * Sends requests over one shared reply inbox and one timer: with thousands of publishes in flight, an
 * inbox and a timer for each cost more than the publishes.
 */
export interface RequestMux {
  /** Opens a request without sending it. */
  open(call: RequestCall): PendingRequest;
  /** Sends one message and resolves to its reply. Rejects as `onFailure` of RequestCall is called. */
  request(client: NatsConnection, message: RequestMessage, deadline: ReplyDeadline): Promise<Msg>;
}

interface OpenRequest {
  readonly call: RequestCall;
  readonly end: () => void;
  isSent: boolean;
  /** How many copies were sent. */
  copies: number;
  /** When the latest copy's wait for a reply ends, in milliseconds of `performance.now()`. */
  replyDueAt: number;
}

/** Opens a mux whose inbox is subscribed until the connection is closed. */
export function openRequestMux(connection: ManagedConnection, inboxPrefix: string): RequestMux {
  const inbox = createInbox(inboxPrefix);
  const requests = new Map<string, OpenRequest>();
  let count = 0;
  let subscribed: NatsConnection | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;

  /** Returns a copy, as callbacks may open further requests. */
  const listRequests = () => [...requests.values()];

  const failSent = (error: BusError, subject?: string) => {
    for (const request of listRequests()) {
      if (!request.isSent) continue;
      if (subject !== undefined && request.call.message.subject !== subject) continue;
      request.isSent = false;
      request.call.onFailure(error);
    }
  };

  const expire = () => {
    timerAt = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const request of listRequests()) {
      const { call, end } = request;
      const { subject } = call.message;
      if (call.deadline.at <= now) {
        end();
        const message = `no reply from NATS to ${subject} by the deadline`;
        call.onFailure(new BusError("deadline_exceeded", message));
        continue;
      }
      if (request.isSent && request.replyDueAt <= now) {
        request.isSent = false;
        call.onFailure(new BusError("unavailable", `no reply from NATS to ${subject} in time`));
      }
      next = Math.min(next, call.deadline.at, request.isSent ? request.replyDueAt : Infinity);
    }
    scheduleExpiry(next);
  };

  const scheduleExpiry = (at: number) => {
    if (at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(expire, remainingMs(at));
    timer.unref();
  };

  const onReply = (reply: Msg) => {
    const request = requests.get(reply.subject.slice(inbox.length + 1));
    if (request === undefined) return;
    const { call } = request;
    if (reply.data.length === 0 && reply.headers?.code === 503) {
      request.isSent = false;
      const { subject } = call.message;
      const cause = new errors.NoRespondersError(subject);
      const message = `no stream or consumer receives ${subject}`;
      return call.onFailure(new BusError("not_provisioned", message, { cause }));
    }
    request.end();
    call.onReply(reply);
  };

  const subscribe = (client: NatsConnection) => {
    if (subscribed === client) return;
    subscribed = client;
    client.subscribe(`${inbox}.*`, {
      callback(error, reply) {
        if (error === null) return onReply(reply);
        subscribed = undefined;
        failSent(toBusError(error, `cannot subscribe to ${inbox}`));
      },
    });
  };

  connection.listen({
    onConnected: subscribe,
    onDisconnected: failSent,
    onPermissionDenied(violation) {
      if (violation.operation !== "publish") return;
      failSent(toBusError(violation, "refused by NATS"), violation.subject);
    },
    onClosed: () => clearTimeout(timer),
  });

  const open = (call: RequestCall): PendingRequest => {
    const { message, deadline } = call;
    const { signal } = deadline;
    const token = (count++).toString(36);
    const onAbort = () => {
      if (requests.delete(token)) call.onFailure(createAbortError(signal ?? AbortSignal.abort()));
    };
    const end = () => {
      requests.delete(token);
      signal?.removeEventListener("abort", onAbort);
    };
    const request: OpenRequest = { call, end, isSent: false, copies: 0, replyDueAt: Infinity };
    requests.set(token, request);
    signal?.addEventListener("abort", onAbort, { once: true });
    scheduleExpiry(deadline.at);
    return {
      send(client) {
        if (!requests.has(token)) return;
        const { subject, data, headers } = message;
        request.isSent = true;
        if (call.replyTimeoutMs !== undefined) {
          request.replyDueAt = performance.now() + call.replyTimeoutMs * 2 ** request.copies;
          request.copies += 1;
          scheduleExpiry(request.replyDueAt);
        }
        try {
          subscribe(client);
          const reply = `${inbox}.${token}`;
          client.publish(subject, data, headers === undefined ? { reply } : { reply, headers });
        } catch (reason) {
          request.isSent = false;
          call.onFailure(toBusError(reason, `cannot publish to ${subject}`));
        }
      },
      cancel: end,
    };
  };

  return {
    open,
    request(client, message, deadline) {
      const { signal, replyTimeoutMs } = deadline;
      if (signal?.aborted === true) return Promise.reject(createAbortError(signal));
      const reply = createDeferred<Msg>();
      const pending = open({
        message,
        deadline,
        ...(replyTimeoutMs === undefined ? {} : { replyTimeoutMs }),
        onReply: reply.resolve,
        onFailure(error) {
          pending.cancel();
          reply.reject(error);
        },
      });
      pending.send(client);
      return reply.promise;
    },
  };
}
