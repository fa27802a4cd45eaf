import { BusError } from "@fanfare/bus";
import {
  type Msg,
  MsgHdrsImpl,
  type NatsConnection,
  type SubscriptionOptions,
} from "@nats-io/nats-core";
import type { Link, LinkWatcher } from "../src/link.ts";

/** Sent is a message that was published on a fake link. */
interface Sent {
  readonly subject: string;
  readonly reply: string;
  readonly text: string;
}

/** FakeLink is a link without a server: a test sees what is sent and says what comes. */
export interface FakeLink extends Link {
  readonly sent: Sent[];
  up(): void;
  down(): void;
  /** Delivers a message to whoever listens on the inbox of a request. */
  deliver(to: Sent, message: Partial<Msg>): void;
}

export function fakeLink(): FakeLink {
  const sent: Sent[] = [];
  const watchers = new Set<LinkWatcher>();
  const listening = new Map<string, SubscriptionOptions>();
  let current: NatsConnection | undefined;

  const connect = () => {
    const connection: Pick<NatsConnection, "publish" | "subscribe"> = {
      publish(subject, payload = "", options = {}) {
        const text = typeof payload === "string" ? payload : new TextDecoder().decode(payload);
        sent.push({ subject, reply: options.reply ?? "", text });
      },
      subscribe(subject, options = {}) {
        listening.set(subject, options);
        const unsubscribe = () => void listening.delete(subject);
        const subscription = { unsubscribe, drain: () => Promise.resolve().then(unsubscribe) };
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a channel uses of it
        return subscription as ReturnType<NatsConnection["subscribe"]>;
      },
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the code uses of it
    return connection as NatsConnection;
  };

  return {
    sent,
    connection: () => current,
    connected: () =>
      current === undefined
        ? Promise.reject(new BusError("unavailable", "not connected"))
        : Promise.resolve(current),
    watch(watcher) {
      watchers.add(watcher);
      if (current !== undefined) watcher.up?.(current);
      return () => void watchers.delete(watcher);
    },
    health: () => ({ connected: current !== undefined }),
    close: () => Promise.resolve(),
    up() {
      const made = connect();
      current = made;
      for (const watcher of watchers) watcher.up?.(made);
    },
    down() {
      current = undefined;
      listening.clear();
      for (const watcher of watchers) watcher.down?.(new BusError("unavailable", "lost"));
    },
    deliver(to, message) {
      const inbox = to.reply.slice(0, to.reply.lastIndexOf("."));
      const { data = new Uint8Array() } = message;
      const json = (): unknown => JSON.parse(new TextDecoder().decode(data));
      const whole = { subject: to.reply, data, json, sid: 1, ...message };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the code uses of it
      void listening.get(`${inbox}.*`)?.callback?.(null, whole as Msg);
    },
  };
}

/** status is a message by which the server speaks about a pull request. */
export function status(code: number, description: string, left?: number): Partial<Msg> {
  const headers = new MsgHdrsImpl(code, description);
  if (left !== undefined) headers.set("Nats-Pending-Messages", `${left}`);
  return { headers };
}
