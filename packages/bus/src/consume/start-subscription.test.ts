import { describe, expect, it, vi } from "vitest";
import type { EventBus } from "../bus.ts";
import { BusError } from "../error.ts";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { settlesWithin } from "../kit/settles-within.ts";
import { createMemoryBus } from "../memory/memory-bus.ts";
import { assertSubscribed } from "./assert-subscribed.ts";
import type { EventRouter } from "./event-router.ts";
import { startSubscription } from "./start-subscription.ts";

const bind = (on: EventRouter) => on.service(NoteEvents, { noteWritten() {} });
const away = new BusError("unavailable", "nobody answers");

/** Creates a bus that refuses to subscribe with each of the errors, then subscribes. */
function createRefusingBus(...errors: BusError[]): EventBus {
  const bus = createMemoryBus();
  return {
    ...bus,
    async subscribe(...args) {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return await bus.subscribe(...args);
    },
  };
}

/** Creates a bus whose first `subscribe` waits for `go`. */
function createSlowBus(go: Promise<void>): EventBus {
  const bus = createMemoryBus();
  return {
    ...bus,
    async subscribe(...args) {
      await go;
      return await bus.subscribe(...args);
    },
  };
}

describe("startSubscription()", () => {
  it("retries while the broker is unavailable, and lasts until it is stopped", async () => {
    await using bus = createRefusingBus(away, away);
    const retried: BusError[] = [];
    const subscription = startSubscription(bus, "revenue", bind, {
      onRetry: (error) => retried.push(error),
    });
    expect(() => assertSubscribed(bus, "revenue")).toThrow("revenue is not subscribed yet");
    const state = () => subscription.health().state;
    await expect.poll(state, { timeout: 10_000 }).toBe("running");
    expect(retried).toEqual([away, away]);
    expect(() => assertSubscribed(bus, "revenue")).not.toThrow();
    expect(bus.health().subscriptions).toHaveLength(1);
    await subscription.stop();
    await subscription.closed;
    expect(state()).toBe("stopped");
    expect(bus.health().subscriptions).toEqual([]);
  });

  it("shows its state while it is starting, as does the bus", async () => {
    await using bus = createRefusingBus(away);
    const subscription = startSubscription(bus, "revenue", bind);
    expect(subscription.health()).not.toHaveProperty("lastError");
    const starting = {
      group: "revenue",
      topics: ["notes.written"],
      state: "starting",
      running: 0,
      handled: 0,
      lastError: away,
    };
    await vi.waitFor(() => expect(subscription.health()).toMatchObject(starting));
    expect(bus.health().subscriptions).toMatchObject([starting]);
    const stats = { ...starting, rates: { handled: 0 }, progress: undefined };
    expect((await bus.stats()).subscriptions).toMatchObject([stats]);
    expect(() => assertSubscribed(bus, "revenue")).toThrow("not subscribed yet: nobody answers");
  });

  it("ends, and rejects `closed`, when a retry cannot mend the error", async () => {
    const drift = new BusError("drift", "the group has other topics");
    await using bus = createRefusingBus(drift);
    const subscription = startSubscription(bus, "revenue", bind);
    await expect(subscription.closed).rejects.toBe(drift);
    expect(subscription.health()).toMatchObject({ state: "stopped", lastError: drift });
    expect(bus.health().subscriptions).toMatchObject([{ state: "stopped", lastError: drift }]);
    expect(() => assertSubscribed(bus, "revenue")).toThrow("stopped: the group has other topics");
    expect(await subscription.stop()).toEqual({ unsettled: [] });
    expect(bus.health().subscriptions).toEqual([]);
  });

  it("stops while it waits for its next try", async () => {
    await using bus = createRefusingBus(away);
    const subscription = startSubscription(bus, "revenue", bind, {
      onRetry: () => void subscription.stop(),
    });
    await subscription.closed;
    expect(subscription.health().state).toBe("stopped");
    expect(bus.health().subscriptions).toEqual([]);
  });

  it("stops what the broker declares after the stop has begun", async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    await using bus = createSlowBus(go);
    const subscription = startSubscription(bus, "revenue", bind);
    const stopped = subscription.stop();
    expect(subscription.health().state).toBe("stopping");
    resolve();
    expect(await stopped).toEqual({ unsettled: [] });
    await subscription.closed;
    expect(bus.health().subscriptions).toEqual([]);
  });

  it("stops in time while the broker does not answer", async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    await using bus = createSlowBus(go);
    const subscription = startSubscription(bus, "revenue", bind);
    expect(await subscription.stop({ timeoutMs: 20 })).toEqual({ unsettled: [] });
    resolve();
    await subscription.closed;
    expect(bus.health().subscriptions).toEqual([]);
  });

  it("stops within the stopTimeoutMs of its bus while it is starting", async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    const bus = { ...createSlowBus(go), stopTimeoutMs: 20 };
    const subscription = startSubscription(bus, "revenue", bind);
    const stopping = subscription.stop();
    expect(await settlesWithin(stopping, 5_000)).toBe(true);
    resolve();
    await bus.close();
  });

  it("is stopped with the bus", async () => {
    const bus = createRefusingBus(away);
    const subscription = startSubscription(bus, "revenue", bind);
    await bus.close();
    await subscription.closed;
    expect(subscription.health().state).toBe("stopped");
  });

  it.each(["throws", "rejects"])("continues when onRetry %s", async (how) => {
    await using bus = createRefusingBus(away);
    const subscription = startSubscription(bus, "revenue", bind, {
      // oxlint-disable-next-line typescript/no-misused-promises -- Users pass async listeners all the same.
      onRetry() {
        const error = new Error("the log is full");
        if (how === "throws") throw error;
        return Promise.reject(error);
      },
    });
    await vi.waitFor(() => expect(subscription.health().lastError).toBe(away));
    await expect.poll(() => subscription.health().state, { timeout: 10_000 }).toBe("running");
  });
});

describe("assertSubscribed()", () => {
  it("states why the broker cannot be reached", async () => {
    await using bus = createMemoryBus();
    const lost: EventBus = {
      ...bus,
      health: () => ({ ...bus.health(), connected: false, lastError: new Error("cable pulled") }),
    };
    expect(() => assertSubscribed(lost, "revenue")).toThrow("cable pulled");
  });
});
