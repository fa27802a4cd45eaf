import type { EventBus } from "../bus.ts";
import { BusError } from "../error.ts";
import type { SubscriptionHealth } from "../health.ts";
import { createBackoff } from "../kit/backoff.ts";
import { createContextRunner } from "../kit/context-runner.ts";
import { createDeferred } from "../kit/deferred.ts";
import { notify } from "../kit/notify.ts";
import { pause } from "../kit/pause.ts";
import { settlesWithin } from "../kit/settles-within.ts";
import { createTopicCache } from "../topic-cache.ts";
import type { EventRouter } from "./event-router.ts";
import { collectBindings } from "./event-router.ts";
import type { SubscribeOptions } from "./subscribe-options.ts";
import type { StopOptions, StopReport, Subscription } from "./subscription.ts";

/** The options of `startSubscription`. */
export interface StartSubscriptionOptions extends SubscribeOptions {
  /** Called after each failed try that is followed by another. What it throws is ignored. */
  readonly onRetry?: (error: BusError) => void;
}

const nothingUnsettled: StopReport = { unsettled: [] };

/**
 * Subscribes in the background, for a process that may start before its broker, and returns the
 * subscription at once. Retries with backoff until the group is declared; until then `health()` shows
 * the state "starting", with the last error. An error that a retry cannot mend (`retryable` is false)
 * ends the subscription and rejects its promise `closed`. The bus includes the subscription in
 * `health`, `stats` and `close` from the beginning; a failed one until it is stopped.
 *
 * Throws what is wrong with `bind`: `unknown_topic`, `already_bound`, `invalid_argument`.
 *
 * @example
 * const subscription = startSubscription(bus, "readers", (on) => {
 *   on.service(NoteEvents, { noteRead: (note) => console.log(note.number) });
 * }, { onRetry: (error) => console.warn(error.message) });
 * subscription.closed.catch(() => process.exit(1));
 */
export function startSubscription(
  bus: EventBus,
  group: string,
  bind: (on: EventRouter) => void,
  options: StartSubscriptionOptions = {},
): Subscription {
  const { onRetry, ...subscribeOptions } = options;
  const topics = [...collectBindings(createTopicCache(), bind).keys()];
  const runClean = createContextRunner();
  const stopping = new AbortController();
  const closed = createDeferred<void>();
  let state: "starting" | "stopping" | "stopped" = "starting";
  let lastError: Error | undefined;
  let subscription: Subscription | undefined;

  /** Resolves once the group is declared, `stop` was called, or the subscription has failed. */
  async function start(): Promise<void> {
    const backoff = createBackoff();
    for (let attempt = 1; !stopping.signal.aborted; attempt++) {
      try {
        subscription = await bus.subscribe(group, bind, subscribeOptions);
        untrack();
        subscription.closed.then(closed.resolve, closed.reject);
        return;
      } catch (reason) {
        const error = BusError.from(reason);
        lastError = error;
        if (stopping.signal.aborted) break;
        if (!error.retryable) {
          state = "stopped";
          closed.reject(error);
          return;
        }
        // The last error stays the broker's.
        runClean(() => notify(onRetry, [error], ignore));
        await pause(backoff(attempt), stopping.signal);
      }
    }
    state = "stopped";
    untrack();
    closed.resolve();
  }

  function health(): SubscriptionHealth {
    if (subscription !== undefined) return subscription.health();
    return {
      group,
      topics,
      state,
      running: 0,
      waiting: 0,
      delayed: 0,
      handled: 0,
      failures: 0,
      deadLettered: 0,
      lost: 0,
      ...(lastError === undefined ? {} : { lastError }),
    };
  }

  async function stop(stopOptions: StopOptions = {}): Promise<StopReport> {
    stopping.abort();
    if (subscription !== undefined) return await subscription.stop(stopOptions);
    if (state === "starting") state = "stopping";
    const { timeoutMs = bus.stopTimeoutMs } = stopOptions;
    const deadline = performance.now() + timeoutMs;
    // A subscribe that was under way may still succeed, even after the timeout: it is stopped then.
    const stopped = started.then(() =>
      subscription?.stop({ timeoutMs: Math.max(0, deadline - performance.now()) }),
    );
    const inTime = await settlesWithin(stopped, timeoutMs);
    untrack();
    return (inTime ? await stopped : undefined) ?? nothingUnsettled;
  }

  const starting: Subscription = {
    group,
    topics,
    closed: closed.promise,
    health,
    async stats(statsOptions) {
      if (subscription !== undefined) return await subscription.stats(statsOptions);
      const rates = { handled: 0, failures: 0, deadLettered: 0 };
      return { ...health(), rates, progress: undefined };
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
  // A rejection of `closed` that nobody handles must not end the process.
  closed.promise.catch(ignore);
  const untrack = bus.track(starting);
  const started = start();
  return starting;
}

function ignore(): void {}
