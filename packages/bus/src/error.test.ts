import { describe, expect, it } from "vitest";
import { BusError } from "./error.ts";
import { createMemoryBus } from "./memory/memory-bus.ts";
import { createNotePublisher, subscribeRead } from "./testing/notes.ts";

/** Loads the module a second time, as a process does that has two copies of the package. */
async function loadCopy(): Promise<typeof import("./error.ts")> {
  const url = "./error.ts?copy";
  return await import(url);
}

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

describe("one bus, many copies", () => {
  it("recognizes a BusError of another copy", async () => {
    const copy = await loadCopy();
    expect(copy.BusError).not.toBe(BusError);
    const error = new copy.BusError("permanent", "closed account");
    expect(error).toBeInstanceOf(BusError);
    expect(new BusError("internal", "ours")).toBeInstanceOf(copy.BusError);
    expect(BusError.from(error)).toBe(error);
  });

  it("pauses for an unavailable dependency that another copy reports", async () => {
    const copy = await loadCopy();
    await using bus = createMemoryBus();
    let available = false;
    const subscription = await subscribeRead(bus, "readers", {
      maxAttempts: 1,
      handler() {
        if (!available) throw new copy.BusError("unavailable", "the database is down");
      },
    });
    await createNotePublisher(bus).noteRead({});
    await bus.advance(1_000);
    expect(subscription.health()).toMatchObject({ state: "paused", deadLettered: 0 });
    available = true;
    await bus.advance(60_000);
    expect(subscription.health()).toMatchObject({ state: "running", handled: 1 });
  });
});

describe("instanceof BusError", () => {
  it("is false for anything else, and never throws", () => {
    const others = [undefined, null, 7, "BusError", Symbol("no"), () => {}, {}, new Error("no")];
    for (const value of [...others, Object.create(null), new Proxy({}, {}), revoked]) {
      expect(value instanceof BusError).toBe(false);
    }
  });

  it("distinguishes subclasses", () => {
    class Refusal extends BusError {}
    const refusal = new Refusal("permanent", "no");
    expect([refusal instanceof Refusal, refusal instanceof BusError]).toEqual([true, true]);
    for (const value of [new BusError("permanent", "no"), revoked]) {
      expect(value instanceof Refusal).toBe(false);
    }
  });
});
