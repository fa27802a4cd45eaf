import type { SubscriptionHealth } from "../health.ts";
import type { StatsOptions, SubscriptionStats } from "../stats.ts";

/** The consumption of a group's events by this process. Groups are durable; subscriptions are not. */
export interface Subscription extends AsyncDisposable {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Resolves once the subscription has stopped; rejects with the error that ended it. A rejection that
   * nobody handles is ignored.
   */
  readonly closed: Promise<void>;
  /** Returns the local state synchronously; never contacts the broker. */
  health(): SubscriptionHealth;
  /** Returns the health with rates, and with the group's progress as the broker has it. Never rejects. */
  stats(options?: StatsOptions): Promise<SubscriptionStats>;
  /**
   * Requests no more events, releases those that have not started, and waits for running handlers.
   * Aborts them shortly before the timeout (a tenth of it, at most 500 ms). Resolves within the timeout,
   * whatever handlers or the broker do, with what is not settled: those events are delivered again.
   */
  stop(options?: StopOptions): Promise<StopReport>;
}

/** How long stopping may take. */
export interface StopOptions {
  /** In milliseconds. Default: the bus's `stopTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** The result of stopping. */
export interface StopReport {
  /** Ids of the events that were still handled, or not yet acknowledged, at the timeout. */
  readonly unsettled: readonly string[];
}
