import type { Broker } from "../broker.ts";

/**
 * What a case of the conformance suite runs against: an empty server, or an empty part of one, on
 * which several processes open their brokers. Disposing it stops what it started.
 */
export interface BrokerFixture extends AsyncDisposable {
  /** Opens the broker of one process. */
  open(): Promise<Broker>;
  /** Advances the time of the brokers by `ms` milliseconds. Leave it out where time is real. */
  readonly advance?: (ms: number) => Promise<void>;
  /** Sets the wall clock of the brokers forward or back. Leave it out where `Date.now` is the wall clock. */
  readonly shiftWallClock?: (ms: number) => void;
  /** Kills the server and starts it again on its data. Leave it out where there is no server. */
  readonly restart?: () => Promise<void>;
  /** Deletes a group of a topic on the server, as an administrator might by accident. */
  readonly deleteGroup?: (group: string, topic: string) => Promise<void>;
  /** Deletes a topic on the server, with all of its events. */
  readonly deleteTopic?: (topic: string) => Promise<void>;
  /**
   * Removes the oldest events of a topic on the server until `keep` are left, as retention does. Leave it
   * out where events are kept until every group has processed them.
   */
  readonly purgeTopic?: (topic: string, keep: number) => Promise<void>;
  /** Opens a broker whose settings for existing topics cannot be applied without losing events. */
  readonly openConflicting?: () => Promise<Broker>;
}
