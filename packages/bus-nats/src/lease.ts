import { BusError, type Lease } from "@fanfare/bus";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { backoffMs } from "./backoff.ts";
import { toBusError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Replies } from "./replies.ts";
import { pause } from "./until.ts";

/** LeaseDeps is what a lease settles itself through. */
export interface LeaseDeps {
  readonly link: Link;
  readonly replies: Replies;
  readonly leaseDurationMs: number;
  decodeHeaders(message: Msg): Record<string, string>;
  /** Hears of what this process acknowledges, by its sequence. */
  acknowledged(sequence: number): void;
  /** How many of an event's deliveries this process gave back untried. */
  refusals(sequence: number): number;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const ack = bytes("+ACK");
const inProgress = bytes("+WPI");

/**
 * createLease makes a lease of a message that a pull brought. While the connection is down its
 * words wait for the next one, no longer than the lease, and then reject with `unavailable`.
 */
export function createLease(message: Msg, topic: string, deps: LeaseDeps): Lease {
  const subject = message.reply ?? "";
  const place = parsePlace(subject);
  const leasedUntil = Date.now() + deps.leaseDurationMs;
  const leased: Leased = { deps, topic, subject, place, leasedUntil, settled: false };
  return {
    record: {
      topic,
      headers: deps.decodeHeaders(message),
      // A copy, as the message is a view of what the socket read, and a Buffer at that.
      data: new Uint8Array(message.data),
      sequence: place.sequence,
      storedAt: place.storedAt,
    },
    deliveries: Math.max(1, place.deliveries - deps.refusals(place.sequence)),
    ack: ({ confirmed }) => acknowledge(leased, confirmed),
    nak: ({ delayMs }) => settle(leased, () => say(leased, refusal(delayMs))),
    async extend() {
      if (leased.settled) return;
      await say(leased, inProgress);
      leased.leasedUntil = Date.now() + deps.leaseDurationMs;
    },
  };
}

/** Leased is how the lease of a message stands. */
interface Leased {
  readonly deps: LeaseDeps;
  readonly topic: string;
  /** Where its words are said. */
  readonly subject: string;
  readonly place: Place;
  leasedUntil: number;
  settled: boolean;
}

/** While there is a connection, what needs no confirmation is said at once. */
function acknowledge(leased: Leased, confirmed: boolean): Promise<void> | undefined {
  const { deps, place } = leased;
  const connection = confirmed ? undefined : deps.link.connection();
  if (connection === undefined) {
    return settle(leased, async () => {
      await (confirmed ? sayAndConfirm(leased, ack) : say(leased, ack));
      deps.acknowledged(place.sequence);
    });
  }
  if (leased.settled) return undefined;
  try {
    publish(leased, connection, ack);
  } catch (reason) {
    return Promise.reject(reason);
  }
  leased.settled = true;
  deps.acknowledged(place.sequence);
  return undefined;
}

async function settle(leased: Leased, how: () => Promise<void>): Promise<void> {
  if (leased.settled) return;
  leased.settled = true;
  try {
    await how();
  } catch (reason) {
    leased.settled = false;
    throw reason;
  }
}

async function say(leased: Leased, data: Uint8Array): Promise<void> {
  const { link } = leased.deps;
  const until = { deadlineAt: leased.leasedUntil };
  publish(leased, link.connection() ?? (await link.connected(until)), data);
}

function publish({ topic, subject, place }: Leased, connection: NatsConnection, data: Uint8Array) {
  try {
    connection.publish(subject, data);
  } catch (reason) {
    throw toBusError(reason, `cannot settle event ${place.sequence} of topic ${topic}`);
  }
}

async function sayAndConfirm({ deps, subject }: Leased, data: Uint8Array): Promise<void> {
  const until = { deadlineAt: Date.now() + deps.leaseDurationMs };
  for (let failures = 1; ; failures += 1) {
    try {
      await deps.replies.ask(await deps.link.connected(until), { subject, data }, until);
      return;
    } catch (reason) {
      const error = BusError.from(reason);
      if (error.code !== "unavailable" || Date.now() >= until.deadlineAt) throw error;
      await pause(backoffMs(failures), until);
    }
  }
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
  const deliveries = Number(parts[at]);
  const sequence = Number(parts[at + 1]);
  if (!subject.startsWith("$JS.ACK.") || Number.isNaN(deliveries) || Number.isNaN(sequence)) {
    throw new BusError(
      "internal",
      `a message came that JetStream did not send: reply "${subject}"`,
    );
  }
  return { deliveries, sequence, storedAt: Math.floor(Number(parts[at + 3] ?? 0) / 1e6) };
}
