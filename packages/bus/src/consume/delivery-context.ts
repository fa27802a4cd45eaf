import type { Broker } from "../broker.ts";
import { type ContextRunner, createContextRunner } from "../kit/context-runner.ts";
import { memoizeLast } from "../kit/memoize-last.ts";
import { createRateCounter, type RateCounter } from "../kit/rate-counter.ts";
import type { TimerSet } from "../kit/timer-set.ts";
import type { InFlightEvent } from "./in-flight-event.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";
import type { SubscriptionStatus } from "./subscription-status.ts";

/** What handling and settling the events of a subscription share. */
export interface DeliveryContext extends DeliveryContextOptions {
  readonly handled: RateCounter;
  readonly failures: RateCounter;
  readonly deadLettered: RateCounter;
  readonly lost: { total: number };
  /** Runs the subscriber's functions in the async context of the subscription. */
  readonly runClean: ContextRunner;
  readonly parseTime: (time: string) => number;
}

/** What a delivery context is created from. */
export interface DeliveryContextOptions {
  readonly broker: Broker;
  readonly group: string;
  readonly settings: SubscriptionSettings;
  readonly status: SubscriptionStatus;
  /** Extends the leases of its events. */
  readonly heartbeats: TimerSet<InFlightEvent>;
  /** Ends the attempts of its events. */
  readonly timeouts: TimerSet<InFlightEvent>;
}

/** Creates the context of a subscription, with its counters at 0. */
export function createDeliveryContext(options: DeliveryContextOptions): DeliveryContext {
  const { clock } = options.broker;
  return {
    ...options,
    handled: createRateCounter(clock),
    failures: createRateCounter(clock),
    deadLettered: createRateCounter(clock),
    lost: { total: 0 },
    runClean: createContextRunner(),
    parseTime: memoizeLast(Date.parse),
  };
}
