import { BusError } from "@fanfare/bus";
import {
  type Msg,
  MsgHdrsImpl,
  type NatsConnection,
  type PermissionViolationError,
  type SubscriptionOptions,
} from "@nats-io/nats-core";
import type {
  ConnectionListener,
  ManagedConnection,
} from "../src/connection/managed-connection.ts";

/** A message that was published over a fake connection. */
export interface SentMessage {
  readonly subject: string;
  readonly reply: string;
  readonly text: string;
}

/** A connection without a server: a test reads what is sent and delivers what arrives. */
export interface FakeConnection extends ManagedConnection {
  readonly sent: SentMessage[];
  connect(): void;
  disconnect(): void;
  /** Reports that the server has refused a publish or a subscription. */
  deny(violation: PermissionViolationError): void;
  /** Lets `flush` wait until the release. Counts the flushes that have ended since. */
  holdFlush(): { readonly count: number; release(): void };
  /** Delivers a message to the subscriber of a request's inbox. */
  deliver(request: SentMessage, message: Partial<Msg>): void;
}

/** Creates a fake connection that is not connected. */
export function createFakeConnection(): FakeConnection {
  const sent: SentMessage[] = [];
  const listeners = new Set<ConnectionListener>();
  const subscriptions = new Map<string, SubscriptionOptions>();
  let current: NatsConnection | undefined;
  let flushed = Promise.resolve();
  let flushes = 0;

  const createClient = () => {
    const client: Pick<NatsConnection, "publish" | "subscribe" | "flush"> = {
      flush: () => flushed.then(() => void flushes++),
      publish(subject, payload = "", options = {}) {
        const text = typeof payload === "string" ? payload : new TextDecoder().decode(payload);
        sent.push({ subject, reply: options.reply ?? "", text });
      },
      subscribe(subject, options = {}) {
        subscriptions.set(subject, options);
        const unsubscribe = () => void subscriptions.delete(subject);
        const subscription = { unsubscribe, drain: () => Promise.resolve().then(unsubscribe) };
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the code calls
        return subscription as ReturnType<NatsConnection["subscribe"]>;
      },
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the code calls
    return client as NatsConnection;
  };

  return {
    sent,
    apiPrefix: "$JS.API",
    client: () => current,
    connected: () =>
      current === undefined
        ? Promise.reject(new BusError("unavailable", "not connected"))
        : Promise.resolve(current),
    listen(listener) {
      listeners.add(listener);
      if (current !== undefined) listener.onConnected?.(current);
      return () => void listeners.delete(listener);
    },
    health: () => ({ connected: current !== undefined }),
    close: () => Promise.resolve(),
    connect() {
      const client = createClient();
      current = client;
      for (const listener of listeners) listener.onConnected?.(client);
    },
    disconnect() {
      current = undefined;
      subscriptions.clear();
      for (const listener of listeners) {
        listener.onDisconnected?.(new BusError("unavailable", "lost"));
      }
    },
    deny(violation) {
      for (const listener of listeners) listener.onPermissionDenied?.(violation);
    },
    holdFlush() {
      const { promise, resolve } = Promise.withResolvers<void>();
      flushed = promise;
      flushes = 0;
      return {
        get count() {
          return flushes;
        },
        release: resolve,
      };
    },
    deliver(request, message) {
      const inbox = request.reply.slice(0, request.reply.lastIndexOf("."));
      const { data = new Uint8Array() } = message;
      const json = (): unknown => JSON.parse(new TextDecoder().decode(data));
      const received = { subject: request.reply, data, json, sid: 1, ...message };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the code reads
      void subscriptions.get(`${inbox}.*`)?.callback?.(null, received as Msg);
    },
  };
}

/** Creates a status message about a pull request. */
export function createStatus(code: number, description: string, pending?: number): Partial<Msg> {
  const headers = new MsgHdrsImpl(code, description);
  if (pending !== undefined) headers.set("Nats-Pending-Messages", `${pending}`);
  return { headers };
}
