import type { BusOptions } from "@fanfare/bus";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import type { StreamSettings } from "./streams/stream-settings.ts";

/** The options of a JetStream broker: where NATS is, as whom to connect, and what to create there. */
export interface NatsBrokerOptions {
  /**
   * One address, or several of one cluster, in a list or joined by commas, such as
   * `nats://127.0.0.1:4222`. An address may contain credentials, percent-encoded:
   * `nats://user:password@host` or `nats://token@host`. They apply where no option below names others,
   * and are never shown.
   */
  readonly servers: string | readonly string[];
  /** The name of the connection in the server's monitoring. Default: "fanfare". */
  readonly name?: string;
  /** The first part of every subject and stream name. Default: "fanfare". */
  readonly prefix?: string;
  /**
   * The JetStream domain of the streams, for a process behind a leaf node. Default: that of the server to
   * which it connects.
   */
  readonly domain?: string | undefined;
  /** The prefix of JetStream's API, for an account that imports it under another one. Default: "$JS.API". */
  readonly apiPrefix?: string | undefined;
  /** A function is called at every connect, as for the two options that follow. */
  readonly user?: string | (() => string) | undefined;
  readonly password?: string | (() => string) | undefined;
  readonly token?: string | (() => string) | undefined;
  /** The path of a credentials file (`.creds`), read at every connect. */
  readonly credentialsFile?: string | undefined;
  /** The path of a file with an NKey seed, read at every connect. */
  readonly nkeyFile?: string | undefined;
  /** The TLS options of nats.js; `{}` requires TLS and trusts the system's authorities. */
  readonly tls?: NonNullable<NodeConnectionOptions["tls"]>;
  /** The subject prefix of replies, for users who may not subscribe to the default. Default: "_INBOX". */
  readonly inboxPrefix?: string;
  /**
   * The timeout for declaring a group, for operations on dead letters, and for closing, in
   * milliseconds. Default: 10,000.
   */
  readonly requestTimeoutMs?: number;
  /** The most publishes that wait for the server's acknowledgement at a time. Default: 4,096. */
  readonly maxInFlight?: number;
  /**
   * The most publishes that are queued beyond `maxInFlight`. Further ones reject with
   * `resource_exhausted`. Default: 65,536.
   */
  readonly maxWaiting?: number;
  /** Whether this process may create and update streams and consumers. Default: true. */
  readonly provision?: boolean;
  /** The settings of the stream of every topic. */
  readonly streams?: StreamSettings;
  /** The settings of single topics, by topic; they override those of `streams`. */
  readonly topics?: Readonly<Record<string, StreamSettings>>;
  /** The most events of a topic that are leased by a group or wait for a retry. Default: 65,536. */
  readonly maxAckPending?: number;
}

/** The options of `connectNats`: those of the broker and all of the bus. `source` defaults to `name`. */
export interface NatsOptions extends NatsBrokerOptions, Partial<BusOptions> {
  /**
   * How long `connectNats` waits for the first connection, in milliseconds. After that it returns, and
   * the bus keeps connecting in the background. Default: 5,000.
   */
  readonly connectTimeoutMs?: number;
}
