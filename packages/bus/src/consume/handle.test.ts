import { describe, expect, it } from "vitest";
import { createTestDelivery } from "../../test/delivery.ts";
import { BusError } from "../error.ts";
import type { EventHandler } from "./event-handler.ts";
import { handle } from "./handle.ts";
import { markSettling } from "./in-flight-event.ts";
import { settle } from "./settle.ts";

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

  it("waits for a function that has a then, such as the proxy of a remote call", async () => {
    const remote = Object.assign(() => {}, {
      // oxlint-disable-next-line unicorn/no-thenable -- What users return.
      then: (_: unknown, reject: (reason: Error) => void) => reject(new Error("remote")),
    });
    const handler: () => void = () => remote;
    const { event, context } = createTestDelivery({ handler });
    expect(await handle(event, context)).toMatchObject({ kind: "retry" });
  });

  it("states why an attempt failed when its error has no message", async () => {
    const refused = new AggregateError([new Error("connect ECONNREFUSED ::1:5432")]);
    const { event, context } = createTestDelivery({ handler: () => Promise.reject(refused) });
    const error = { message: expect.stringContaining("ECONNREFUSED ::1:5432"), cause: refused };
    expect(await handle(event, context)).toMatchObject({ kind: "retry", error });
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

  it("reads how often the event failed before, on a redelivery only", async () => {
    const first = createTestDelivery();
    first.event.lease.readFailures = () => {
      throw new Error("read");
    };
    expect(handle(first.event, first.context)).toEqual({ kind: "ack" });
    const attempts: number[] = [];
    const handler: EventHandler = (_, { attempt }) => void attempts.push(attempt);
    const second = createTestDelivery({ handler, failures: 3, deliveries: 9 });
    expect(handle(second.event, second.context)).toEqual({ kind: "ack" });
    expect([attempts, second.event.failures]).toEqual([[4], 3]);
  });

  it.each(["throws", "rejects"])("assumes no failures when the count %s", async (how) => {
    const attempts: number[] = [];
    const handler: EventHandler = (_, { attempt }) => void attempts.push(attempt);
    const { event, context } = createTestDelivery({ handler, deliveries: 9 });
    const lost = new Error("no answer");
    event.lease.readFailures = () => {
      if (how === "rejects") return Promise.reject(lost);
      throw lost;
    };
    expect(await handle(event, context)).toEqual({ kind: "ack" });
    expect([attempts, context.status.lastError]).toEqual([[1], lost]);
  });

  it("counts the attempt of a suspect before it calls the handler, and takes it back on a release", async () => {
    const { event, context, calls } = createTestDelivery({
      handler: () => void calls.push("handler"),
      failures: 2,
      deliveries: 41,
    });
    expect(await handle(event, context)).toEqual({ kind: "ack" });
    settle(event, { kind: "release", delayMs: 0 }, context);
    expect(calls).toEqual(["failures 3", "handler", "failures 2", "nak 0"]);
  });

  it("dead-letters a poison message without calling the handler", async () => {
    const { event, context } = createTestDelivery({ failures: 8, deliveries: 41 });
    const verdict = { kind: "dead-letter", cause: "poison" };
    expect(await handle(event, context)).toMatchObject(verdict);
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
