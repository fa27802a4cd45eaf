import type { EventBus, EventRouter, SubscribeOptions } from "../bus.ts";
import { BusError } from "../error.ts";
import { createBackoff } from "../kit/backoff.ts";
import { pause } from "../kit/pause.ts";

export interface KeepSubscribedOptions extends SubscribeOptions {
  /** Ends the keeping. The subscription is stopped with the bus. */
  readonly signal: AbortSignal;
  /** Hears of each refusal that is only for now. */
  readonly onRetry?: (error: BusError) => void;
}

/**
 * keepSubscribed is `subscribe` for a process that may start before its broker: it tries again, with
 * backoff, until the group is declared. It resolves when the signal aborts, and rejects with a
 * BusError that trying again would not mend.
 */
export async function keepSubscribed(
  bus: EventBus,
  group: string,
  bind: (on: EventRouter) => void,
  options: KeepSubscribedOptions,
): Promise<void> {
  const { signal, onRetry, ...subscribeOptions } = options;
  const backoff = createBackoff({});
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await bus.subscribe(group, bind, subscribeOptions);
      break;
    } catch (reason) {
      const error = BusError.from(reason);
      if (signal.aborted) return;
      if (!error.retryable) throw error;
      onRetry?.(error);
      await pause(backoff(attempt), signal);
    }
  }
  await pause(Infinity, signal);
}

/**
 * assertSubscribed throws a BusError `unavailable`, with the reason, while this process takes no
 * events for the group: a readiness check.
 */
export function assertSubscribed(bus: EventBus, group: string): void {
  const { connected, lastError, subscriptions } = bus.health();
  if (!connected) {
    const reason = lastError?.message ?? "not connected";
    throw new BusError("unavailable", `the broker cannot be reached: ${reason}`);
  }
  const states = subscriptions.filter((one) => one.group === group);
  if (states.some(({ state }) => state === "running")) return;
  const paused = states.find(({ state }) => state === "paused");
  const why = paused === undefined ? "not subscribed yet" : `paused: ${paused.lastError?.message}`;
  throw new BusError("unavailable", `the group ${group} is ${why}`);
}
