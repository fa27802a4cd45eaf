import type { EventBus } from "../bus.ts";
import { BusError } from "../error.ts";

/**
 * Throws a BusError `unavailable`, with the reason, unless this process receives events for the group:
 * a readiness check. Never contacts the broker.
 *
 * @example
 * const checks = { bus: () => assertSubscribed(bus, "revenue") };
 */
export function assertSubscribed(bus: Pick<EventBus, "health">, group: string): void {
  const { connected, lastError, subscriptions } = bus.health();
  if (!connected) {
    const reason = lastError?.message ?? "not connected";
    throw new BusError("unavailable", `the broker cannot be reached: ${reason}`);
  }
  const ofGroup = subscriptions.filter((subscription) => subscription.group === group);
  if (ofGroup.some(({ state }) => state === "running")) return;
  const [first] = ofGroup;
  const state =
    first === undefined || first.state === "starting" ? "not subscribed yet" : first.state;
  const reason = first?.lastError === undefined ? "" : `: ${first.lastError.message}`;
  throw new BusError("unavailable", `the group ${group} is ${state}${reason}`);
}
