import type { DescService } from "@bufbuild/protobuf";
import type { BusError } from "@fanfare/bus";
import type { Rejection } from "./relay-store.ts";

/** Options of `startRelay`. */
export interface RelayOptions {
  /** The event services to publish. All relays of one outbox require the same services. */
  readonly services: readonly DescService[];
  /**
   * The longest time between two polls, in milliseconds. The relay polls at once after `wake` and after
   * it found events, then less and less often. Default: 200.
   */
  readonly pollIntervalMs?: number;
  /** The most events that one transaction publishes, which have up to 16 MiB. Default: 500. */
  readonly batchSize?: number;
  /** The number of concurrent transactions, each on its own connection. Default: 2. */
  readonly workers?: number;
  /**
   * How long a relay that stops responding keeps its events from other relays, in milliseconds. A
   * batch has half of that to publish. Default: 10,000.
   */
  readonly leaseDurationMs?: number;
  /**
   * How long an event of an unknown topic waits before it is rejected, in milliseconds: a newer version
   * of the process may know the topic. Infinity for never. Default: an hour.
   */
  readonly unknownTopicGraceMs?: number;
  /** Called with each failure that is retried. */
  readonly onError?: (error: BusError) => void;
  /** Called with each event that can never be published. */
  readonly onRejected?: (event: Rejection) => void;
}

/** The counts of a relay since its start, and the last error of what fails now. */
export interface RelayHealth {
  readonly published: number;
  /** The published events that the broker already had. */
  readonly duplicates: number;
  readonly rejected: number;
  /** The failures that were retried. */
  readonly failures: number;
  /**
   * The last error. Absent once what failed has succeeded: the database for events, or for a worker that
   * looks for some while no other has any; a topic for an event of it.
   */
  readonly lastError?: BusError;
}

/** A running relay. */
export interface Relay extends AsyncDisposable {
  /** Returns the local state synchronously. Never contacts the database or the broker. */
  health(): RelayHealth;
  /** Makes the relay poll at once. Call it after a commit in the same process. Never throws. */
  wake(): void;
  /**
   * Stops after the running batches, or aborts them so that it returns within `timeoutMs` (default:
   * 10,000).
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}
