import type { BusError } from "./error.ts";

/** The state of a bus in this process. */
export interface BusHealth {
  /** The broker's name, such as "jetstream". */
  readonly broker: string;
  readonly connected: boolean;
  /** The broker's last error since it last succeeded, otherwise that of the topic that has failed the longest. */
  readonly lastError?: Error;
  /** The topics whose last publish by this process failed. The next one that is stored removes its topic. */
  readonly failing: readonly PublishFailure[];
  readonly subscriptions: readonly SubscriptionHealth[];
}

/** A topic whose publishes by this process fail at the broker: a full disk, no stream, no permission. */
export interface PublishFailure {
  readonly topic: string;
  /** When the first of them failed, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** How many failed in a row. */
  readonly count: number;
  /** Why the last one failed. */
  readonly error: BusError;
}

/** The state of a subscription in this process. Counters begin with the subscription. */
export interface SubscriptionHealth {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * starting: the group is not declared yet (`startSubscription`). paused: a dependency of the handlers
   * is unavailable, and one event is retried until it is back.
   */
  readonly state: "starting" | "running" | "paused" | "stopping" | "stopped";
  /** Events whose handlers run now. */
  readonly running: number;
  /** Events that are leased and wait for their key or for a free handler. */
  readonly waiting: number;
  /** Events that wait in this process for their next attempt, and those that wait behind them. */
  readonly delayed: number;
  /** Events handled. */
  readonly handled: number;
  /** Attempts that failed. */
  readonly failures: number;
  /** Events dead-lettered. */
  readonly deadLettered: number;
  /**
   * Events that retention removed before the group had processed them, as this process has reported: see
   * `lost` of the group's progress for the total of all processes.
   */
  readonly lost: number;
  /**
   * The last error since the last event was handled. Why the broker did not report the group's progress is
   * cleared by the next `stats` to which it does.
   */
  readonly lastError?: Error;
}
