import type { Clock } from "./kit/clock.ts";

/**
 * The connection of one process to a message broker. A broker stores and delivers bytes: it knows records,
 * groups, leases and time. Schemas and policies (routing, order, attempts, backoff, timeouts) belong to
 * the bus on top of it. Test an implementation with `testBroker` of `@fanfare/bus/testing`.
 *
 * Every method rejects with a BusError.
 */
export interface Broker {
  /** Appears in health and in errors: "memory", "jetstream". */
  readonly name: string;
  readonly features: BrokerFeatures;
  readonly clock: Clock;
  /**
   * Stores a record, and resolves once it is stored. Stores nothing when the topic has a record with this
   * id inside the dedupe window. Rejects with `too_large`, with `deadline_exceeded` after `timeoutMs`, and
   * with `aborted` when the signal aborts. One timer may serve many appends.
   */
  append(record: NewRecord, options: AppendOptions): Promise<Appended>;
  /**
   * Stores records of one topic, at most `features.maxBatch`, all or none, consecutively and in their
   * order. Rejects with `already_stored` when an id was stored before. Undefined when the broker lacks
   * the feature.
   */
  readonly appendAll?: (
    records: readonly NewRecord[],
    options: AppendOptions,
  ) => Promise<readonly Appended[]>;
  /**
   * Creates a durable group: it receives every record of its topics that is stored after `from`, whether
   * or not a process is running. The same declaration again changes nothing, and the group keeps its
   * position. Another one updates what can be updated, and rejects the rest with `drift`.
   */
  declare(group: GroupDeclaration): Promise<void>;
  /**
   * Opens this process's stream of a declared group's records. It calls `receive`, which is synchronous
   * and never throws, only with requested records. It calls `onLost`, which never throws either, soon
   * after retention has removed records that the group had not processed, also while no process ran:
   * once for each loss, in one process of the group.
   */
  lease(
    group: GroupDeclaration,
    receive: (lease: Lease) => void,
    onLost?: (loss: RecordLoss) => void,
  ): Promise<LeaseStream>;
  readonly deadLetters: DeadLetterStore;
  /** Returns the progress of a declared group with each of the topics, over all its processes. */
  progress(
    group: Pick<GroupDeclaration, "group" | "topics">,
    options: RequestOptions,
  ): Promise<readonly TopicProgress[]>;
  health(): BrokerHealth;
  /** Disconnects. Leased records are delivered to another process once their leases end. */
  close(): Promise<void>;
}

/** The features of a broker. The conformance suite skips the cases of those it lacks. */
export interface BrokerFeatures {
  /** Records and groups survive the process. */
  readonly durable: boolean;
  /** How long duplicates of an id are detected, in milliseconds; undefined when they are not. */
  readonly dedupeWindowMs: number | undefined;
  /** The largest record, payload and headers, in bytes; undefined without a limit. */
  readonly maxRecordBytes: number | undefined;
  /** The largest batch that is stored all or none; undefined without batches. */
  readonly maxBatch?: number | undefined;
}

/** An event as bytes, to be stored. */
export interface NewRecord {
  readonly topic: string;
  /** Unique per topic. */
  readonly id: string;
  /** The key's hash modulo 64; 0 without a key. */
  readonly partition: number;
  /**
   * The CloudEvents attributes (`ce-id`, …) and the publisher's headers. Names are in lower case; values
   * are percent-encoded, printable ASCII.
   */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** A record as the broker has stored it. */
export interface StoredRecord {
  readonly topic: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  /** The record's position in its topic. Grows, with gaps. */
  readonly sequence: number;
  /** When the broker stored it, in milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

/** The limits of an append. */
export interface AppendOptions {
  /** How long to wait for the broker, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The limits of a request. */
export interface RequestOptions {
  /** How long to wait for the broker, in milliseconds. */
  readonly timeoutMs: number;
}

/** The result of an append. */
export interface Appended {
  readonly duplicate: boolean;
  /** The position of the record; of a duplicate, that of the first one where the broker reports it. */
  readonly sequence: number;
}

/** A consumer group, as a process declares it. */
export interface GroupDeclaration {
  readonly group: string;
  readonly topics: readonly string[];
  readonly from: StartPosition;
  /** How long a lease lasts before the record is delivered to another process, in milliseconds. */
  readonly leaseDurationMs: number;
}

/** Where a new group begins: with the next record, with the first one, or at a time. */
export type StartPosition = "now" | "start" | Date;

/** A stream of records, each leased to this process alone. */
export interface LeaseStream {
  /**
   * Requests `count` more records. The bus requests as many as it has room for, often one at a time:
   * collect small requests, and never buffer more than was requested. Requests last until they are met,
   * across reconnects. `receive` may be called from within.
   */
  request(count: number): void;
  health(): LeaseStreamHealth;
  /** Withdraws the requests. Once it resolves, `receive` is not called again. Leases stay valid. */
  close(): Promise<void>;
}

/**
 * A record that is leased to this process until it is settled, or until `leaseDurationMs` pass without
 * `extend`. Settling twice, or after the lease has ended, is harmless: the record is delivered again.
 */
export interface Lease {
  readonly record: StoredRecord;
  /** How often the record was leased to the group, this time included: from 1. Nobody need have failed. */
  readonly deliveries: number;
  /**
   * Returns the failures that any process of the group recorded last, 0 when there are none. Not called
   * for a first delivery, so that the usual one costs nothing. When it rejects, the bus assumes 0.
   */
  readFailures(): number | Promise<number>;
  /**
   * Records how often handlers failed, for the next delivery to any process of the group. The broker keeps
   * the number until the record is acknowledged or removed. Changes nothing when another process has
   * recorded since: the lease has ended. Settles before the lease ends; returns undefined when there is
   * nothing to wait for. When it rejects, the failure is not counted, and the event is retried all the same.
   */
  recordFailures(failures: number): Promise<void> | undefined;
  /**
   * Acknowledges the record: the group does not receive it again. With `confirmed` it resolves once the
   * broker has recorded that. Returns undefined when there is nothing to wait for.
   */
  ack(options: { readonly confirmed: boolean }): Promise<void> | undefined;
  /** Returns the record to the broker, which delivers it again after the delay. */
  nak(options: { readonly delayMs: number }): Promise<void>;
  /** Extends the lease by its duration, from now: a heartbeat. */
  extend(): Promise<void>;
}

/**
 * The dead letters of each group, kept until they are removed. A dead letter has the topic of its event.
 * The list of a group without any is empty.
 */
export interface DeadLetterStore {
  /** Stores a dead letter. Stores nothing when the group has one with this id inside the dedupe window. */
  store(group: string, record: NewRecord, options: AppendOptions): Promise<Appended>;
  /**
   * Returns the group's records after the sequence `after`, oldest first: at most `limit`, fewer when they
   * are large, none only at the end.
   */
  list(group: string, page: DeadLetterPage): Promise<readonly StoredRecord[]>;
  read(group: string, sequence: number): Promise<StoredRecord | undefined>;
  count(group: string, options: RequestOptions): Promise<DeadLetterCount>;
  /** Removes a dead letter. Resolves to false when there is none with this sequence. */
  remove(group: string, sequence: number): Promise<boolean>;
  /**
   * Stores a record again for one group alone, which receives it as if it was published now. Duplicates
   * are detected per group, apart from those of published records.
   */
  replay(group: string, record: NewRecord, options: AppendOptions): Promise<Appended>;
}

/** The number of dead letters of a group. */
export interface DeadLetterCount {
  readonly count: number;
  /** When the oldest was stored, in milliseconds since the Unix epoch; undefined when there is none. */
  readonly oldestAt: number | undefined;
}

/** A part of a list of dead letters. */
export interface DeadLetterPage {
  /** The sequence after which the page begins; 0 for the oldest. */
  readonly after: number;
  readonly limit: number;
}

/** The progress of a group with one topic. */
export interface TopicProgress {
  readonly topic: string;
  /** Records that were not leased yet. */
  readonly pending: number;
  /** Records that were leased and are not settled: leased now, or waiting for their redelivery. */
  readonly inFlight: number;
  /** Records in flight that were leased more than once. */
  readonly redelivered: number;
  /**
   * Records that retention (an age, a limit, a purge) removed before the group had processed them, since
   * the group was declared. Those that a process had leased by then are not lost unless it returns them.
   */
  readonly lost: number;
  /**
   * When the oldest of these records was stored, in milliseconds since the Unix epoch; undefined when
   * there is none, or when the broker does not report it.
   */
  readonly oldestAt: number | undefined;
}

/** Records that were removed before a group had processed them. */
export interface RecordLoss {
  readonly topic: string;
  readonly count: number;
}

/** The state of the connection to the broker. */
export interface BrokerHealth {
  readonly connected: boolean;
  readonly lastError?: Error;
}

/** The state of a stream of leases. */
export interface LeaseStreamHealth {
  /**
   * Why no records arrive, or why they cannot be settled, when the broker knows: not provisioned, no
   * permission, not connected.
   */
  readonly error?: Error;
}
