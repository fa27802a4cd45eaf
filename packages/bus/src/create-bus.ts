import type { Broker } from "./broker.ts";
import type { EventBus } from "./bus.ts";
import { collectBindings, type EventRouter } from "./consume/event-router.ts";
import { interceptBindings } from "./consume/intercept-bindings.ts";
import { openSubscription } from "./consume/open-subscription.ts";
import type { SubscribeOptions } from "./consume/subscribe-options.ts";
import type { StopReport, Subscription } from "./consume/subscription.ts";
import { resolveSettings } from "./consume/subscription-settings.ts";
import { createTopicClaims } from "./consume/topic-claims.ts";
import { createDeadLetters } from "./dead-letters/dead-letters.ts";
import { BusError } from "./error.ts";
import type { BusHealth } from "./health.ts";
import type { Interceptor } from "./interceptor.ts";
import { checkGroup } from "./kit/check-group.ts";
import { createPendingCalls } from "./kit/pending-calls.ts";
import { settlesWithin } from "./kit/settles-within.ts";
import { createPublishMethods } from "./publish/publish-methods.ts";
import { watchAppends } from "./publish/watch-appends.ts";
import { createTopicCache } from "./topic-cache.ts";

/** The options of every bus. Connectors, such as `connectNats`, extend them with their broker's. */
export interface BusOptions {
  /** The publisher, as CloudEvents' `source`: a URI reference such as `//trips.example.com`. */
  readonly source: string;
  /** Called around every publish and every handler. The first is outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** The timeout of `stop` and `close`, in milliseconds. Default: 10,000. */
  readonly stopTimeoutMs?: number;
}

/**
 * Creates a bus on a broker. The bus owns the broker: `close` closes it. Throws `invalid_argument` for an
 * empty source and a negative `stopTimeoutMs`, and closes the broker whenever it throws.
 *
 * @example
 * await using bus = createBus(createMemoryBroker(), { source: "//trips.example.com" });
 */
export function createBus(broker: Broker, options: BusOptions): EventBus {
  try {
    return assembleBus(broker, options);
  } catch (reason) {
    // Nobody else may have the broker, which would connect for ever.
    const close = async () => await broker.close();
    close().catch(() => {});
    throw reason;
  }
}

function assembleBus(
  broker: Broker,
  { source, interceptors = [], stopTimeoutMs = 10_000 }: BusOptions,
): EventBus {
  if (source === "" || !source.isWellFormed()) {
    throw new BusError(
      "invalid_argument",
      "source must not be empty: name the publisher, such as //trips.example.com",
    );
  }
  if (!(stopTimeoutMs >= 0)) {
    throw new BusError(
      "invalid_argument",
      `stopTimeoutMs must be a number of milliseconds of at least 0, got ${stopTimeoutMs}`,
    );
  }
  const topics = createTopicCache();
  const watched = watchAppends(broker);
  const closing = new AbortController();
  const { signal } = closing;
  const pending = createPendingCalls();
  const { readStats, ...publishMethods } = createPublishMethods(watched.appender, {
    source,
    interceptors,
    topics,
    pending,
    closing: signal,
  });
  const claims = createTopicClaims();
  const subscriptions = new Set<Subscription>();
  let closed: Promise<StopReport> | undefined;

  async function subscribe(
    group: string,
    bind: (on: EventRouter) => void,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    let release: (() => void) | undefined;
    try {
      checkOpen(signal);
      checkGroup(group);
      const settings = resolveSettings(options);
      const bindings = interceptBindings(collectBindings(topics, bind), interceptors);
      release = claims.claim(group, bindings.keys());
      const opening = { group, bindings, settings, stopTimeoutMs };
      const { subscription, drained } = await openSubscription(broker, opening);
      void subscription.closed.then(track(subscription));
      void drained.then(release);
      if (signal.aborted) {
        await subscription.stop({ timeoutMs: 0 });
        checkOpen(signal);
      }
      return subscription;
    } catch (reason) {
      release?.();
      throw BusError.from(reason);
    }
  }

  function track(subscription: Subscription): () => void {
    subscriptions.add(subscription);
    return () => {
      subscriptions.delete(subscription);
    };
  }

  async function shutDown(timeoutMs: number): Promise<StopReport> {
    closing.abort();
    const deadline = performance.now() + timeoutMs;
    // A tracked subscription that fails to stop must not keep the broker open.
    const stopping = Array.from(subscriptions, async (subscription) =>
      subscription.stop({ timeoutMs }),
    );
    const idle = settlesWithin(pending.whenNone(), timeoutMs, broker);
    const reports = await Promise.allSettled(stopping);
    await idle;
    const remainingMs = Math.max(0, deadline - performance.now());
    const disconnect = async () => broker.close();
    await settlesWithin(disconnect(), remainingMs, broker);
    return {
      unsettled: reports.flatMap((report) =>
        report.status === "fulfilled" ? report.value.unsettled : [],
      ),
    };
  }

  function health(): BusHealth {
    const failing = watched.listFailures();
    const [first] = failing;
    return {
      broker: broker.name,
      ...(first === undefined ? {} : { lastError: first.error }),
      ...broker.health(),
      failing,
      subscriptions: Array.from(subscriptions, (subscription) => subscription.health()),
    };
  }

  const bus: EventBus = {
    stopTimeoutMs,
    ...publishMethods,
    subscribe,
    track,
    close({ timeoutMs = stopTimeoutMs } = {}) {
      closed ??= shutDown(timeoutMs);
      return closed;
    },
    deadLetters(group) {
      checkGroup(group);
      return createDeadLetters(broker, group, pending);
    },
    health,
    async stats(options) {
      const each = Array.from(subscriptions, (subscription) => subscription.stats(options));
      const subscriptionStats = await Promise.all(each);
      return { ...health(), ...readStats(), subscriptions: subscriptionStats };
    },
    async [Symbol.asyncDispose]() {
      await bus.close();
    },
  };
  return bus;
}

function checkOpen(closing: AbortSignal): void {
  if (closing.aborted) throw new BusError("aborted", "the bus is closed");
}
