import { BusError } from "@fanfare/bus";
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core";
import { toBusError } from "./errors.ts";
import type { Link } from "./link.ts";
import { abortedBy, msUntil, type Until } from "./until.ts";

/** Question is a message that somebody answers. */
export interface Question {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs;
}

/** Asker is told what becomes of its question. */
export interface Asker {
  readonly question: Question;
  readonly until: Until;
  answer(message: Msg): void;
  /**
   * `deadline_exceeded` and `aborted`, and the question is over; or `not_provisioned` when nobody
   * listens, `unavailable` when the connection is lost, `permission_denied`: it may be sent again,
   * or is to be withdrawn.
   */
  fail(error: BusError): void;
}

/** Asked is a question that is being waited for, sent or not. */
export interface Asked {
  /** Sends it, again if need be: an answer to an earlier copy will do. */
  send(connection: NatsConnection): void;
  /** Waits no longer. Neither `answer` nor `fail` is called afterwards. */
  withdraw(): void;
}

/** Replies asks over one inbox and one timer, however many answers are due. */
export interface Replies {
  /** Begins to wait for an answer, until the asker's deadline or signal. Sends nothing yet. */
  open(asker: Asker): Asked;
  /** Asks once. Rejects with what Asker's `fail` is told. */
  ask(connection: NatsConnection, question: Question, until: Until): Promise<Msg>;
}

interface Waiting {
  readonly asker: Asker;
  readonly over: () => void;
  sent: boolean;
}

/** openReplies listens on an inbox of its own for as long as the link is open. */
export function openReplies(link: Link, inboxPrefix: string): Replies {
  const inbox = createInbox(inboxPrefix);
  const waiting = new Map<string, Waiting>();
  let opened = 0;
  let listening: NatsConnection | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;

  /** A copy, as whoever fails may ask again. */
  const entries = () => [...waiting.values()];
  const failSent = (error: BusError, about?: string) => {
    for (const entry of entries()) {
      if (!entry.sent || (about !== undefined && entry.asker.question.subject !== about)) continue;
      entry.sent = false;
      entry.asker.fail(error);
    }
  };
  const expire = () => {
    timerAt = Infinity;
    const now = Date.now();
    let next = Infinity;
    for (const entry of entries()) {
      if (entry.asker.until.deadlineAt <= now) {
        entry.over();
        const message = `no answer from NATS to ${entry.asker.question.subject}`;
        entry.asker.fail(new BusError("deadline_exceeded", message));
      } else next = Math.min(next, entry.asker.until.deadlineAt);
    }
    wakeAt(next);
  };
  const wakeAt = (time: number) => {
    if (time >= timerAt) return;
    clearTimeout(timer);
    timerAt = time;
    timer = setTimeout(expire, msUntil(time));
    timer.unref();
  };

  const receive = (message: Msg) => {
    const entry = waiting.get(message.subject.slice(inbox.length + 1));
    if (entry === undefined) return;
    if (message.data.length === 0 && message.headers?.code === 503) {
      entry.sent = false;
      return entry.asker.fail(
        new BusError("not_provisioned", `nobody takes ${entry.asker.question.subject}`),
      );
    }
    entry.over();
    entry.asker.answer(message);
  };

  const listen = (connection: NatsConnection) => {
    if (listening === connection) return;
    listening = connection;
    connection.subscribe(`${inbox}.*`, {
      callback(error, message) {
        if (error === null) return receive(message);
        listening = undefined;
        failSent(toBusError(error, `cannot listen on ${inbox}`));
      },
    });
  };

  link.watch({
    up: listen,
    down: failSent,
    denied(violation) {
      if (violation.operation !== "publish") return;
      failSent(toBusError(violation, "refused by NATS"), violation.subject);
    },
    closed: () => clearTimeout(timer),
  });

  const open = (asker: Asker): Asked => {
    const { question, until } = asker;
    const { signal } = until;
    const token = (opened++).toString(36);
    const onAbort = () => {
      if (waiting.delete(token)) asker.fail(abortedBy(signal ?? AbortSignal.abort()));
    };
    const over = () => {
      waiting.delete(token);
      signal?.removeEventListener("abort", onAbort);
    };
    const entry: Waiting = { asker, over, sent: false };
    waiting.set(token, entry);
    signal?.addEventListener("abort", onAbort, { once: true });
    wakeAt(until.deadlineAt);
    return {
      send(connection) {
        if (!waiting.has(token)) return;
        const { subject, data, headers } = question;
        entry.sent = true;
        try {
          listen(connection);
          const reply = `${inbox}.${token}`;
          connection.publish(subject, data, headers === undefined ? { reply } : { reply, headers });
        } catch (reason) {
          entry.sent = false;
          asker.fail(toBusError(reason, `cannot publish to ${subject}`));
        }
      },
      withdraw: over,
    };
  };

  return {
    open,
    ask: (connection, question, until) =>
      new Promise((resolve, reject) => {
        if (until.signal?.aborted === true) return reject(abortedBy(until.signal));
        const asked = open({
          question,
          until,
          answer: resolve,
          fail(error) {
            asked.withdraw();
            reject(error);
          },
        });
        asked.send(connection);
      }),
  };
}
