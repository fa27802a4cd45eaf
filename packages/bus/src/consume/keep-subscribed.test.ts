import { describe, expect, it } from "vitest";
import type { EventBus, EventRouter } from "../bus.ts";
import { BusError } from "../error.ts";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createMemoryBus } from "../memory/create-memory-bus.ts";
import { assertSubscribed, keepSubscribed } from "./keep-subscribed.ts";

const bind = (on: EventRouter) => on.service(NoteEvents, { noteWritten() {} });

/** refusing makes a bus that refuses to subscribe with each of the errors, then does it. */
function refusing(...errors: BusError[]): EventBus {
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

describe("keepSubscribed()", () => {
  it("tries again while the broker is away, and stays until its signal aborts", async () => {
    const away = new BusError("unavailable", "nobody answers");
    await using bus = refusing(away, away);
    const stop = new AbortController();
    const retried: BusError[] = [];
    const kept = keepSubscribed(bus, "revenue", bind, {
      signal: stop.signal,
      onRetry: (error) => retried.push(error),
    });
    expect(() => assertSubscribed(bus, "revenue")).toThrow("revenue is not subscribed yet");
    await expect.poll(() => bus.health().subscriptions.length, { timeout: 10_000 }).toBe(1);
    expect(retried).toEqual([away, away]);
    expect(() => assertSubscribed(bus, "revenue")).not.toThrow();
    stop.abort();
    await kept;
  });

  it("rejects when trying again would not mend it", async () => {
    const drift = new BusError("drift", "the group has other topics");
    await using bus = refusing(drift);
    const { signal } = new AbortController();
    await expect(keepSubscribed(bus, "revenue", bind, { signal })).rejects.toBe(drift);
  });

  it("gives up waiting when its signal aborts", async () => {
    const stop = new AbortController();
    await using bus = refusing(new BusError("unavailable", "nobody answers"));
    await keepSubscribed(bus, "revenue", bind, {
      signal: stop.signal,
      onRetry: () => stop.abort(),
    });
    expect(bus.health().subscriptions).toEqual([]);
  });
});

describe("assertSubscribed()", () => {
  it("says why the broker cannot be reached", async () => {
    await using bus = createMemoryBus();
    const lost: EventBus = {
      ...bus,
      health: () => ({ ...bus.health(), connected: false, lastError: new Error("cable pulled") }),
    };
    expect(() => assertSubscribed(lost, "revenue")).toThrow("cable pulled");
  });
});
