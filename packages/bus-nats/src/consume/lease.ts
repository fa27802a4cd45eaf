import { BusError, type Lease } from "@fanfare/bus";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { computeReplyTimeout, computeRetryDelay } from "../connection/compute-retry-delay.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import type { RequestMux } from "../connection/request-mux.ts";
import { toBusError } from "../connection/to-bus-error.ts";
import { createDeadline, pauseUntil } from "../deadline.ts";
import type { FailureCount } from "../failures/failure-count.ts";
import type { HeaderDecoder } from "../wire/headers.ts";
import {
  ackPayload,
  type DeliveryInfo,
  encodeNak,
  inProgressPayload,
  parseAckSubject,
} from "./ack-protocol.ts";

/** What a lease requires. */
export interface LeaseDeps {
  readonly connection: ManagedConnection;
  readonly requests: RequestMux;
  readonly leaseDurationMs: number;
  readonly decodeHeaders: HeaderDecoder;
  /** Called when something was sent that settles an event, or extends its lease. */
  onSent(): void;
  /** Called when this process has acknowledged an event. */
  onAck(sequence: number): void;
  /** Called when this process has returned an event. */
  onReturn(sequence: number): void;
  /** Creates the failure count of an event. */
  createFailureCount(info: DeliveryInfo): FailureCount;
}

/** The state of a lease. */
interface LeaseState {
  readonly deps: LeaseDeps;
  readonly topic: string;
  /** The subject on which the message is acknowledged. */
  readonly subject: string;
  readonly info: DeliveryInfo;
  leasedUntil: number;
  isSettled: boolean;
  /** Undefined until failures are read or recorded. */
  failures: FailureCount | undefined;
}

/**
 * Creates the lease of a message. While the connection is lost, ack, nak and extend wait for the next
 * one until the lease ends, and then reject with `unavailable`.
 */
export function createLease(message: Msg, topic: string, deps: LeaseDeps): Lease {
  const subject = message.reply ?? "";
  const info = parseAckSubject(subject);
  const leasedUntil = performance.now() + deps.leaseDurationMs;
  const lease: LeaseState = {
    deps,
    topic,
    subject,
    info,
    leasedUntil,
    isSettled: false,
    failures: undefined,
  };
  const getFailures = () => (lease.failures ??= deps.createFailureCount(info));
  return {
    record: {
      topic,
      headers: deps.decodeHeaders(message),
      // A copy, as the message is a view of the socket's buffer.
      data: new Uint8Array(message.data),
      sequence: info.sequence,
      storedAt: info.storedAt,
    },
    deliveries: info.deliveries,
    readFailures: () => getFailures().read(),
    recordFailures: (failures) => getFailures().record(failures),
    ack: ({ confirmed }) => acknowledge(lease, confirmed),
    nak: ({ delayMs }) =>
      settle(lease, async () => {
        await send(lease, encodeNak(delayMs));
        deps.onReturn(info.sequence);
      }),
    async extend() {
      if (lease.isSettled) return;
      await send(lease, inProgressPayload);
      lease.leasedUntil = performance.now() + deps.leaseDurationMs;
    },
  };
}

/** Acknowledges synchronously while connected, unless a confirmation is requested. */
function acknowledge(lease: LeaseState, confirmed: boolean): Promise<void> | undefined {
  const { deps, info } = lease;
  const client = confirmed ? undefined : deps.connection.client();
  if (client === undefined) {
    return settle(lease, async () => {
      await (confirmed ? sendConfirmed(lease, ackPayload) : send(lease, ackPayload));
      deps.onAck(info.sequence);
      lease.failures?.remove();
    });
  }
  if (lease.isSettled) return undefined;
  try {
    publish(lease, client, ackPayload);
  } catch (reason) {
    return Promise.reject(reason);
  }
  lease.isSettled = true;
  deps.onAck(info.sequence);
  lease.failures?.remove();
  return undefined;
}

/** Settles the lease once; it can be settled again when that failed. */
async function settle(lease: LeaseState, run: () => Promise<void>): Promise<void> {
  if (lease.isSettled) return;
  lease.isSettled = true;
  try {
    await run();
  } catch (reason) {
    lease.isSettled = false;
    throw reason;
  }
}

async function send(lease: LeaseState, payload: Uint8Array): Promise<void> {
  const { connection } = lease.deps;
  const deadline = { at: lease.leasedUntil };
  publish(lease, connection.client() ?? (await connection.connected(deadline)), payload);
}

function publish(lease: LeaseState, client: NatsConnection, data: Uint8Array) {
  const { deps, topic, subject, info } = lease;
  try {
    client.publish(subject, data);
    deps.onSent();
  } catch (reason) {
    throw toBusError(reason, `cannot settle event ${info.sequence} of topic ${topic}`);
  }
}

/** Sends until the server confirms; again when the connection or the reply is lost. */
async function sendConfirmed({ deps, subject }: LeaseState, data: Uint8Array): Promise<void> {
  const { connection, requests } = deps;
  const deadline = createDeadline(deps.leaseDurationMs);
  for (let failures = 1; ; failures += 1) {
    try {
      const client = await connection.connected(deadline);
      const replyTimeoutMs = computeReplyTimeout(failures);
      await requests.request(client, { subject, data }, { ...deadline, replyTimeoutMs });
      return;
    } catch (reason) {
      const error = BusError.from(reason);
      if (error.code !== "unavailable" || performance.now() >= deadline.at) throw error;
      await pauseUntil(computeRetryDelay(failures), deadline);
    }
  }
}
