import type { Broker } from "../broker.ts";
import { BusError } from "../error.ts";
import type { SubscriptionHealth } from "../health.ts";
import { createDeferred } from "../kit/deferred.ts";
import { settlesWithin } from "../kit/settles-within.ts";
import {
  type GroupProgress,
  readProgress,
  type StatsOptions,
  type SubscriptionStats,
} from "../stats.ts";
import { readId } from "../wire/read-header.ts";
import type { DeliveryPipelineOptions } from "./delivery-pipeline.ts";
import { openDeliveryPipeline } from "./open-delivery-pipeline.ts";
import type { StopOptions, StopReport, Subscription } from "./subscription.ts";

/** What a subscription is opened with. */
export interface OpenSubscriptionOptions extends DeliveryPipelineOptions {
  /** The default timeout of `stop`, in milliseconds. */
  readonly stopTimeoutMs: number;
}

/** A subscription that has been opened. */
export interface OpenedSubscription {
  readonly subscription: Subscription;
  /** Resolves after a stop, once none of its handlers runs any more: possibly after the stop's timeout. */
  readonly drained: Promise<void>;
}

/** How long handlers have to end after a stop has aborted them, at most, in milliseconds. */
const abortGraceMs = 500;

/** Opens a group's pipeline. Resolves once the group is durable. */
export async function openSubscription(
  broker: Broker,
  { stopTimeoutMs, ...options }: OpenSubscriptionOptions,
): Promise<OpenedSubscription> {
  const { group } = options;
  const topics = [...options.bindings.keys()];
  const pipeline = await openDeliveryPipeline(broker, options);
  const { status, handled, failures, deadLettered, lost } = pipeline.context;
  const closed = createDeferred<void>();
  const drained = createDeferred<void>();
  let draining: Promise<unknown> | undefined;
  /** Why the last stats have no progress. */
  let progressError: BusError | undefined;

  function drain(): Promise<unknown> {
    const { pulled, emptied } = pipeline.drain();
    return Promise.all([pulled, emptied.then(drained.resolve)]);
  }

  async function stop({ timeoutMs = stopTimeoutMs }: StopOptions = {}): Promise<StopReport> {
    draining ??= drain();
    const graceMs = Math.min(abortGraceMs, timeoutMs / 10);
    if (!(await settlesWithin(draining, timeoutMs - graceMs, broker))) {
      pipeline.abort(new BusError("aborted", `the subscription of ${group} is stopping`));
      await settlesWithin(draining, graceMs, broker);
    }
    if (status.state !== "stopped") {
      pipeline.abandon();
      closed.resolve();
    }
    return { unsettled: Array.from(pipeline.inFlight, ({ lease }) => readId(lease.record)) };
  }

  function health(): SubscriptionHealth {
    const lastError = pipeline.pullError ?? progressError ?? status.lastError;
    return {
      group,
      topics,
      state: status.state,
      ...pipeline.countEvents(),
      handled: handled.total,
      failures: failures.total,
      deadLettered: deadLettered.total,
      lost: lost.total,
      ...(lastError === undefined ? {} : { lastError }),
    };
  }

  async function stats(statsOptions: StatsOptions = {}): Promise<SubscriptionStats> {
    let progress: GroupProgress | undefined;
    try {
      progress = await readProgress(broker, { group, topics }, statsOptions);
      progressError = undefined;
    } catch (reason) {
      progressError = BusError.from(reason);
    }
    const rates = {
      handled: handled.perSecond,
      failures: failures.perSecond,
      deadLettered: deadLettered.perSecond,
    };
    return { ...health(), rates, progress };
  }

  const subscription: Subscription = {
    group,
    topics,
    closed: closed.promise,
    health,
    stats,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
  return { subscription, drained: drained.promise };
}
