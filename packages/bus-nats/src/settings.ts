import type { Interceptor } from "@fanfare/bus";
import { checkAtLeast } from "@fanfare/bus/kit";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { defaultStreamSettings, type StreamSettings } from "./stream-settings.ts";
import { checkPrefix } from "./subject.ts";

/** NatsOptions says where NATS is, who this process is there, and what it may make. */
export interface NatsOptions {
  /** One address or several of one cluster, such as `nats://127.0.0.1:4222`. */
  readonly servers: string | readonly string[];
  /** Who publishes, as CloudEvents' `source` has it: a URI reference. Default: the name. */
  readonly source?: string;
  /** What stands around every publish and every handler; of several the first is outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** What the server's monitoring calls this connection. Default: "fanfare". */
  readonly name?: string;
  /** The first part of every subject and of every stream's name. Default: "fanfare". */
  readonly prefix?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** The path of a credentials file (`.creds`), read again at every connect. */
  readonly credentialsFile?: string;
  /** The path of a file with an NKey seed, read again at every connect. */
  readonly nkeyFile?: string;
  /** As nats.js takes it; `{}` asks for TLS with the system's authorities. */
  readonly tls?: NonNullable<NodeConnectionOptions["tls"]>;
  /** Where replies are sent, for users who may not listen on `_INBOX`. Default: "_INBOX". */
  readonly inboxPrefix?: string;
  /**
   * How long connectNats waits for the first connection, in milliseconds. Later it comes by itself.
   * Default: 5,000.
   */
  readonly connectTimeoutMs?: number;
  /**
   * How long declaring a group or giving the connection up may take, in milliseconds.
   * Default: 10,000.
   */
  readonly requestTimeoutMs?: number;
  /** How many publishes may wait for the server's word at a time. Default: 4,096. */
  readonly maxInFlight?: number;
  /**
   * How many more publishes may wait for their turn: their promises are the back-pressure. One more
   * is refused with `resource_exhausted`. Default: 65,536.
   */
  readonly maxWaiting?: number;
  /** Whether this process may make streams and consumers, and change them. Default: true. */
  readonly provision?: boolean;
  /** The limits of every topic's stream. */
  readonly streams?: StreamSettings;
  /** Other limits for some topics, by topic, over those of `streams`. */
  readonly topics?: Readonly<Record<string, StreamSettings>>;
  /** How many events of a topic a group may have leased or waiting for a retry. Default: 65,536. */
  readonly maxAckPending?: number;
}

/** Settings are NatsOptions with the defaults filled in. */
export interface Settings {
  readonly prefix: string;
  readonly inboxPrefix: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  readonly provision: boolean;
  readonly maxAckPending: number;
  readonly dedupeWindowMs: number;
  streamSettings(topic: string): StreamSettings;
}

/** settingsOf fills in the defaults. Throws `invalid_argument` for a prefix that is no subject. */
export function settingsOf(options: NatsOptions): Settings {
  const { prefix = "fanfare", streams = {}, topics = {} } = options;
  return {
    prefix: checkPrefix(prefix),
    inboxPrefix: options.inboxPrefix ?? "_INBOX",
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    maxInFlight: checkAtLeast(1, "maxInFlight", options.maxInFlight ?? 4_096),
    maxWaiting: checkAtLeast(0, "maxWaiting", options.maxWaiting ?? 65_536),
    provision: options.provision ?? true,
    maxAckPending: options.maxAckPending ?? 65_536,
    dedupeWindowMs: streams.dedupeWindowMs ?? defaultStreamSettings.dedupeWindowMs,
    streamSettings: (topic) => ({ ...streams, ...topics[topic] }),
  };
}
