import { BusError } from "@fanfare/bus";
import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  nanos,
  type Subscription,
} from "@nats-io/nats-core";
import { backoffMs } from "./backoff.ts";
import { toBusError } from "./errors.ts";
import type { Link } from "./link.ts";
import { createPulls } from "./pulls.ts";

/** How long a pull request lasts where nothing else waits for its place, in milliseconds. */
const pullMs = 30_000;
/** How often the server says that an idle pull request is still there, in milliseconds. */
const heartbeatMs = 5_000;

/** Channel brings the messages of one consumer, as many as are pulled. */
export interface Channel {
  /** Whether pulling makes sense now: connected, and not waiting after a failure. */
  readonly ready: boolean;
  /** How many messages are pulled and have not come. */
  readonly outstanding: number;
  /** Why nothing comes. */
  readonly error: BusError | undefined;
  /** Asks for messages, for half a minute or as long as said; 0 asks for what is there now. */
  pull(count: number, lastsMs?: number): void;
  /** Looks for pulls that the server has lost. To be called every few seconds. */
  check(): void;
  /** Takes no more. Messages that were under way are given back. */
  close(): Promise<void>;
}

/** ChannelOptions names a consumer and says who takes what it brings. */
export interface ChannelOptions {
  readonly link: Link;
  readonly inboxPrefix: string;
  readonly stream: string;
  readonly consumer: string;
  receive(message: Msg): void;
  /** Takes a message that nobody asked for. */
  refuse(message: Msg): void;
  /** The consumer is not there. */
  missing(): void;
  /** Pulled messages that will not come, or 0 when the channel has become ready. */
  returned(count: number): void;
}

/** openChannel listens to one consumer's answers for as long as the link lasts. */
export function openChannel(options: ChannelOptions): Channel {
  const { link, stream, consumer } = options;
  const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
  const where = `group ${consumer}, stream ${stream}`;
  const pulls = createPulls();
  let connection: NatsConnection | undefined;
  let subscription: Subscription | undefined;
  let error: BusError | undefined;
  let failures = 0;
  let resting: NodeJS.Timeout | undefined;
  let heardAt = 0;
  let closed = false;

  const well = () => {
    failures = 0;
    error = undefined;
  };

  const onMessage = (message: Msg) => {
    heardAt = Date.now();
    if (message.reply?.startsWith("$JS.ACK.") !== true) return onStatus(message);
    well();
    if (closed || !pulls.arrived()) return options.refuse(message);
    options.receive(message);
  };

  /** What cannot be acknowledged is the server's word about one pull request. */
  const onStatus = (message: Msg) => {
    const id = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    const { code = 0, description = "" } = message.headers ?? {};
    const left = message.headers?.get("Nats-Pending-Messages") ?? "";
    switch (code) {
      case 100:
        return well();
      case 404:
      case 408:
        well();
        return options.returned(pulls.ended(id, left === "" ? undefined : Number(left)));
      case 409:
        if (/^consumer deleted/i.test(description)) {
          return rest(new BusError("not_provisioned", `${where}: ${description}`));
        }
        if (/^leadership change/i.test(description)) {
          return rest(new BusError("no_leader", `${where}: ${description}`));
        }
        if (/^server shutdown/i.test(description)) {
          return rest(new BusError("unavailable", `${where}: ${description}`));
        }
        return rest(new BusError("internal", `${where}: ${description}`), id);
      case 503:
        return rest(new BusError("not_provisioned", `${where}: is not there`), id);
      default:
        return rest(new BusError("internal", `${where}: ${code} ${description}`), id);
    }
  };

  const listen = (to: NatsConnection) => {
    const inbox = createInbox(options.inboxPrefix);
    const made = to.subscribe(`${inbox}.*`, {
      callback(reason, message) {
        if (subscription !== made) return;
        if (reason === null) return onMessage(message);
        rest(toBusError(reason, where));
      },
    });
    subscription = made;
    return inbox;
  };
  let inbox = "";

  const hangUp = () => {
    const ended = subscription;
    subscription = undefined;
    ended?.unsubscribe();
    return pulls.clear();
  };

  /** Waits after a failure: of one pull, or of all that were open. */
  const rest = (reason: BusError, pull?: string) => {
    if (closed) return;
    error = reason;
    const count = pull === undefined ? hangUp() : pulls.ended(pull, undefined);
    if (resting === undefined) {
      failures += 1;
      resting = setTimeout(() => {
        resting = undefined;
        options.returned(0);
      }, backoffMs(failures));
      resting.unref();
    }
    options.returned(count);
    if (reason.code === "not_provisioned") options.missing();
  };

  const unwatch = link.watch({
    up(to) {
      connection = to;
      well();
      clearTimeout(resting);
      resting = undefined;
      options.returned(hangUp());
    },
    down() {
      connection = undefined;
      options.returned(hangUp());
    },
    denied(violation) {
      if (violation.subject === subject) rest(toBusError(violation, where));
    },
  });

  return {
    get ready() {
      return !closed && connection !== undefined && resting === undefined;
    },
    get outstanding() {
      return pulls.outstanding;
    },
    get error() {
      return error;
    },
    pull(count, lastsMs = pullMs) {
      if (connection === undefined) return;
      if (subscription === undefined) inbox = listen(connection);
      if (pulls.outstanding === 0) heardAt = Date.now();
      const id = pulls.add({ count, endsAt: Date.now() + lastsMs + 2 * heartbeatMs });
      const request = {
        batch: count,
        ...(lastsMs === 0 ? { no_wait: true } : { expires: nanos(lastsMs) }),
        ...(lastsMs < 2 * heartbeatMs ? {} : { idle_heartbeat: nanos(heartbeatMs) }),
      };
      try {
        connection.publish(subject, JSON.stringify(request), { reply: `${inbox}.${id}` });
      } catch (reason) {
        rest(toBusError(reason, where), id);
      }
    },
    check() {
      if (connection === undefined || pulls.outstanding === 0) return;
      const now = Date.now();
      if (now - heardAt > 2.5 * heartbeatMs) {
        rest(new BusError("unavailable", `${where}: the server has gone silent`));
      } else {
        options.returned(pulls.expired(now));
      }
    },
    async close() {
      closed = true;
      clearTimeout(resting);
      unwatch();
      if (connection === undefined || subscription === undefined) return;
      await subscription.drain().catch((reason: unknown) => {
        if (!(reason instanceof errors.RequestError)) throw toBusError(reason, where);
      });
    },
  };
}
