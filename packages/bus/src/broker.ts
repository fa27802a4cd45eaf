import type { Clock } from "./kit/clock.ts";

/**
 * Broker moves bytes. It knows records, groups, leases and time; schemas and policies (routing,
 * order, attempts, backoff, deadlines) live in the core above it, so that an adapter stays small.
 * Whoever writes one runs `testBroker` of `@fanfare/bus/testing` against it.
 *
 * Every method rejects with a BusError and nothing else.
 */
export interface Broker {
  /** Named in health and in errors: "memory", "jetstream". */
  readonly name: string;
  readonly features: BrokerFeatures;
  readonly clock: Clock;
  /**
   * Resolves once the record is stored. An id known for this topic inside the window stores nothing.
   * Rejects with `too_large`, with `deadline_exceeded` after `timeoutMs`, with `aborted` when the
   * signal aborts. One timer may serve many appends.
   */
  append(record: NewRecord, options: AppendOptions): Promise<Appended>;
  /**
   * Stores records of one topic, at most `features.maxBatch`, next to one another in their order, all
   * or none, and resolves with their places. Rejects with `already_stored` when an id is known. Left
   * out where a broker cannot.
   */
  readonly appendAll?: (
    records: readonly NewRecord[],
    options: AppendOptions,
  ) => Promise<readonly Appended[]>;
  /**
   * Makes the group durable: it holds every record of its topics stored from `from` on, whether or
   * not a process leases them. Calling it again with the same declaration changes nothing and keeps
   * the group's place; what can be changed is changed; the rest is refused with `drift`.
   */
  declare(group: GroupDeclaration): Promise<void>;
  /**
   * Opens this process's share of a declared group. No record arrives before `request` asks for it.
   * `receive` is synchronous and never throws.
   */
  lease(group: GroupDeclaration, receive: (lease: Lease) => void): Promise<LeaseStream>;
  readonly deadLetters: DeadLetterStore;
  /** How far a declared group has come with each of the topics, over all its processes. */
  progress(
    group: Pick<GroupDeclaration, "group" | "topics">,
    options: RequestOptions,
  ): Promise<readonly TopicProgress[]>;
  health(): BrokerHealth;
  /** Gives the connection up. What is leased comes again to another process once its lease ends. */
  close(): Promise<void>;
}

/** BrokerFeatures names what a broker can do; the conformance suite skips by these names. */
export interface BrokerFeatures {
  /** Records and groups survive the process. */
  readonly durable: boolean;
  /** Ids are remembered for this long, in milliseconds; undefined when the broker cannot. */
  readonly dedupeWindowMs: number | undefined;
  /** The largest record, payload and headers, in bytes; undefined when there is no limit. */
  readonly maxRecordBytes: number | undefined;
  /** How many records can be stored all or none; undefined when the broker cannot. */
  readonly maxBatch?: number | undefined;
}

/** NewRecord is an event as bytes. */
export interface NewRecord {
  readonly topic: string;
  /** Unique per topic. */
  readonly id: string;
  /** The key's hash modulo 64; 0 without a key. */
  readonly partition: number;
  /**
   * The CloudEvents attributes (`ce-id`, ...) and the publisher's own; names in lower case, values
   * percent-encoded: printable ASCII as it goes over the wire.
   */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** StoredRecord is a record as it comes back from the broker. */
export interface StoredRecord {
  readonly topic: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  /** The record's place in its topic: grows, with gaps. */
  readonly sequence: number;
  /** When the broker stored it, in milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

export interface AppendOptions {
  /** How long to wait for the broker's word, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface RequestOptions {
  /** How long to wait for the broker's word, in milliseconds. */
  readonly timeoutMs: number;
}

export interface Appended {
  readonly duplicate: boolean;
  /** Of the record that stands in the broker; of a duplicate, of the first one where the broker tells. */
  readonly sequence: number;
}

export interface GroupDeclaration {
  readonly group: string;
  readonly topics: readonly string[];
  readonly from: StartPosition;
  /** How long a lease holds before the record goes to another process, in milliseconds. */
  readonly leaseDurationMs: number;
}

/** StartPosition is where a new group begins: at what is stored from now on, at the start, or at a time. */
export type StartPosition = "now" | "start" | Date;

/** LeaseStream is this process's open hand: each requested record is leased to it alone. */
export interface LeaseStream {
  /**
   * Asks for `count` more records, often one at a time: a broker gathers small requests. The core
   * asks for what it has room to hold and no more, so a broker never buffers beyond what was asked
   * for. Requests last until they are met, across reconnects. `receive` may be called within.
   */
  request(count: number): void;
  health(): LeaseStreamHealth;
  /** Withdraws the requests. After it resolves `receive` is not called again; leases stay valid. */
  close(): Promise<void>;
}

/**
 * Lease is one record, held by this process until it is settled or `leaseDurationMs` pass without `extend`.
 * Settling twice, or after the lease ended, is harmless: the record comes again.
 */
export interface Lease {
  readonly record: StoredRecord;
  /** How often this record was leased to this group, this time included: from 1. */
  readonly deliveries: number;
  /**
   * Ends the record for this group. With `confirmed` it resolves once the broker has it in its books.
   * Undefined says that it is done already.
   */
  ack(options: { readonly confirmed: boolean }): Promise<void> | undefined;
  /** Gives the record back; it comes again after the delay. */
  nak(options: { readonly delayMs: number }): Promise<void>;
  /** Starts the lease anew. */
  extend(): Promise<void>;
}

/**
 * DeadLetterStore keeps what groups have given up, those of each group apart, until it is removed.
 * The topic of such a record is that of its event. A group that has none has an empty list.
 */
export interface DeadLetterStore {
  /** Resolves once the record is stored. An id known for this group inside the window stores nothing. */
  store(group: string, record: NewRecord, options: AppendOptions): Promise<Appended>;
  /**
   * The group's records after the sequence `after`, oldest first: at most `limit`, or fewer where
   * they are large, but none only at the end.
   */
  list(group: string, page: DeadLetterPage): Promise<readonly StoredRecord[]>;
  read(group: string, sequence: number): Promise<StoredRecord | undefined>;
  count(group: string, options: RequestOptions): Promise<DeadLetterCount>;
  /** False when it was not there. */
  remove(group: string, sequence: number): Promise<boolean>;
  /**
   * Stores a record of a topic once more, for one group alone, whose processes it comes to as if it
   * had been published now. Ids are known for each group apart, and from what was published.
   */
  replay(group: string, record: NewRecord, options: AppendOptions): Promise<Appended>;
}

/** DeadLetterCount is how many dead letters a group has. */
export interface DeadLetterCount {
  readonly count: number;
  /** When the oldest was stored, in milliseconds since the Unix epoch; undefined when there is none. */
  readonly oldestAt: number | undefined;
}

export interface DeadLetterPage {
  /** 0 begins at the oldest. */
  readonly after: number;
  readonly limit: number;
}

/** TopicProgress is how far a group has come with one topic. */
export interface TopicProgress {
  readonly topic: string;
  /** Records that were not leased yet. */
  readonly pending: number;
  /** Records that were leased and are not settled: held, or given back and to come again. */
  readonly inFlight: number;
  /** Those in flight that were leased more than once. */
  readonly redelivered: number;
  /**
   * When the oldest of all of these was stored, in milliseconds since the Unix epoch; undefined when
   * there is none, or the broker does not say.
   */
  readonly oldestAt: number | undefined;
}

export interface BrokerHealth {
  readonly connected: boolean;
  readonly lastError?: Error;
}

export interface LeaseStreamHealth {
  /** Why nothing arrives, when the broker knows: not provisioned, no permission, not connected. */
  readonly error?: Error;
}
