import { describe, expect, it } from "vitest";
import { createTestDelivery } from "../../test/delivery.ts";
import { BusError } from "../error.ts";
import { handle } from "./handle.ts";
import { markSettling } from "./in-flight-event.ts";

describe("handle()", () => {
  it("returns its verdict at once when the handler returns no promise", () => {
    const { event, context } = createTestDelivery();
    expect(handle(event, context)).toEqual({ kind: "ack" });
    expect(event.state).toMatchObject({ kind: "handling", delivery: { id: "one", key: "zoe" } });
  });

  it("waits for the handler's promise", async () => {
    const { event, context } = createTestDelivery({ handler: async () => {} });
    const verdict = handle(event, context);
    expect(verdict).toBeInstanceOf(Promise);
    await expect(verdict).resolves.toEqual({ kind: "ack" });
  });

  it.each(["throws", "rejects"])("retries when the handler %s", async (how) => {
    const error = new Error("no");
    const { event, context } = createTestDelivery({
      handler() {
        if (how === "rejects") return Promise.reject(error);
        throw error;
      },
    });
    expect(await handle(event, context)).toEqual({ kind: "retry", error, delayMs: 200 });
  });

  it("dead-letters what it cannot decode, without calling the handler", async () => {
    let called = false;
    const { event, context } = createTestDelivery({
      data: Uint8Array.of(255),
      handler() {
        called = true;
      },
    });
    const verdict = { kind: "dead-letter", cause: "undecodable" };
    expect(await handle(event, context)).toMatchObject(verdict);
    expect(called).toBe(false);
  });

  it("dead-letters a poison message without calling the handler", () => {
    const { event, context } = createTestDelivery({ attempt: 41 });
    expect(handle(event, context)).toMatchObject({ kind: "dead-letter", cause: "poison" });
    expect(event.state.kind).toBe("queued");
  });

  it("fails an attempt that exceeded its timeout, even when the handler succeeds", async () => {
    const { event, context } = createTestDelivery({ handler: async () => {} });
    const verdict = handle(event, context);
    const error = new BusError("deadline_exceeded", "too slow");
    if (event.state.kind === "handling") event.state.abort(error);
    expect(await verdict).toEqual({ kind: "retry", error, delayMs: 200 });
  });

  it("releases an event whose handler failed after a stop aborted it", async () => {
    const { event, context } = createTestDelivery({
      handler: () => Promise.reject(new Error("aborted")),
    });
    const verdict = handle(event, context);
    if (event.state.kind === "handling") event.state.abort(new BusError("aborted", "stopping"));
    expect(await verdict).toEqual({ kind: "release", delayMs: 0 });
  });

  it("abandons an event that was settled while its handler ran", async () => {
    const { event, context } = createTestDelivery({ handler: async () => {} });
    const verdict = handle(event, context);
    markSettling(event, Promise.resolve());
    expect(await verdict).toEqual({ kind: "abandon" });
  });
});
