import { BusError, type Lease, type StoredRecord } from "@fanfare/bus";
import type { Msg } from "@nats-io/nats-core";
import { backoffMs } from "./backoff.ts";
import { toBusError } from "./errors.ts";
import { decodeHeaders } from "./headers.ts";
import type { Link } from "./link.ts";
import type { Replies } from "./replies.ts";
import { pause } from "./until.ts";

/** LeaseDeps is what a lease settles itself through. */
export interface LeaseDeps {
  readonly link: Link;
  readonly replies: Replies;
  readonly leaseMs: number;
  /** Hears of what this process acknowledges, by its sequence. */
  acknowledged(sequence: number): void;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const ack = bytes("+ACK");
const inProgress = bytes("+WPI");

/**
 * createLease makes a lease of a message that a pull brought. While the connection is down its
 * words wait for the next one, no longer than the lease, and then reject with `unavailable`.
 */
export function createLease(message: Msg, topic: string, deps: LeaseDeps): Lease {
  const { link, replies, leaseMs } = deps;
  const subject = message.reply ?? "";
  const place = parsePlace(subject);
  let leasedUntil = Date.now() + leaseMs;
  let settled = false;

  const say = async (data: Uint8Array) => {
    const connection = link.connection() ?? (await link.connected({ deadlineAt: leasedUntil }));
    try {
      connection.publish(subject, data);
    } catch (reason) {
      throw toBusError(reason, `cannot settle event ${place.sequence} of topic ${topic}`);
    }
  };

  const sayAndConfirm = async (data: Uint8Array) => {
    const until = { deadlineAt: Date.now() + leaseMs };
    for (let failures = 1; ; failures += 1) {
      try {
        await replies.ask(await link.connected(until), { subject, data }, until);
        return;
      } catch (reason) {
        const error = BusError.from(reason);
        if (error.code !== "unavailable" || Date.now() >= until.deadlineAt) throw error;
        await pause(backoffMs(failures), until);
      }
    }
  };

  const settle = async (how: (data: Uint8Array) => Promise<void>, data: Uint8Array) => {
    if (settled) return;
    settled = true;
    try {
      await how(data);
    } catch (reason) {
      settled = false;
      throw reason;
    }
  };

  return {
    record: storedRecord(message, topic, place),
    deliveries: place.deliveries,
    acknowledge: ({ confirmed }) =>
      settle(async (data) => {
        await (confirmed ? sayAndConfirm(data) : say(data));
        deps.acknowledged(place.sequence);
      }, ack),
    giveBack: ({ delayMs }) => settle(say, refusal(delayMs)),
    async extend() {
      if (settled) return;
      await say(inProgress);
      leasedUntil = Date.now() + leaseMs;
    },
  };
}

/** refusal is what gives a message back, to come again after the delay. */
export function refusal(delayMs: number): Uint8Array {
  return bytes(delayMs > 0 ? `-NAK {"delay": ${Math.round(delayMs * 1e6)}}` : "-NAK");
}

interface Place {
  readonly deliveries: number;
  readonly sequence: number;
  readonly storedAt: number;
}

/**
 * parsePlace reads what the server writes into the subject that a message is settled on:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<nanoseconds>.<pending>`,
 * with domain and account before the stream in its longer form.
 */
export function parsePlace(subject: string): Place {
  const parts = subject.split(".");
  const at = parts.length === 9 ? 4 : 6;
  const [deliveries, sequence, , nanoseconds] = parts.slice(at).map(Number);
  if (!subject.startsWith("$JS.ACK.") || deliveries === undefined || sequence === undefined) {
    throw new BusError(
      "internal",
      `a message came that JetStream did not send: reply "${subject}"`,
    );
  }
  return { deliveries, sequence, storedAt: Math.floor((nanoseconds ?? 0) / 1e6) };
}

function storedRecord(message: Msg, topic: string, place: Place): StoredRecord {
  return {
    topic,
    headers: decodeHeaders(message),
    // A copy, as the message is a view of what the socket read, and a Buffer at that.
    data: new Uint8Array(message.data),
    sequence: place.sequence,
    storedAt: place.storedAt,
  };
}
