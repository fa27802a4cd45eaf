import { describe, expect, it } from "vitest";
import { createTestDelivery } from "../../test/delivery.ts";
import { BusError } from "../error.ts";
import type { HandlerFailure } from "./handler-failure.ts";
import { getSettlement, needsHeartbeat } from "./in-flight-event.ts";
import { settle } from "./settle.ts";
import { ack } from "./verdict.ts";

const error = new Error("no");

describe("settle()", () => {
  it("acks synchronously when there is nothing to wait for", () => {
    const { event, context, calls } = createTestDelivery();
    settle(event, ack, context);
    expect(calls).toEqual(["ack"]);
    expect(event.state.kind).toBe("settled");
    expect(context.handled.total).toBe(1);
  });

  it("confirms acks when asked to, and while stopping", async () => {
    const asked = createTestDelivery({ subscribe: { confirmAcks: true } });
    const stopping = createTestDelivery();
    stopping.context.status.state = "stopping";
    for (const { event, context, calls } of [asked, stopping]) {
      settle(event, ack, context);
      expect(calls).toEqual(["ack confirmed"]);
      expect(event.state.kind).toBe("settling");
      await getSettlement(event);
    }
  });

  it("counts and reports a failure, and delays the retry", () => {
    const failures: HandlerFailure[] = [];
    const { event, context, calls } = createTestDelivery({
      subscribe: { onFailure: (failure) => failures.push(failure) },
    });
    Object.assign(event, { attempt: 2, failures: 1 });
    settle(event, { kind: "retry", error, delayMs: 400 }, context);
    expect(calls).toEqual(["failures 2", "nak 400"]);
    const about = { group: "readers", topic: "notes.written", id: "one", attempt: 2 };
    expect(failures).toEqual([{ ...about, error, verdict: "retry" }]);
    expect([context.failures.total, context.status.lastError]).toEqual([1, error]);
  });

  it("returns an event whose failure cannot be counted with the delay of its deliveries", async () => {
    const { event, context, calls } = createTestDelivery({ deliveries: 4 });
    const lost = new Error("no answer");
    Object.assign(event, { failures: 0 });
    event.lease.recordFailures = () => Promise.reject(lost);
    settle(event, { kind: "retry", error, delayMs: 200 }, context);
    expect(needsHeartbeat(event)).toBe(true);
    await getSettlement(event);
    expect([calls, context.status.lastError]).toEqual([["nak 1600"], lost]);
  });

  it("does not count a release as a failure", () => {
    const { event, context, calls } = createTestDelivery({ failures: 2 });
    settle(event, { kind: "release", delayMs: 0 }, context);
    expect(calls).toEqual(["nak 0"]);
    expect(context.failures.total).toBe(0);
  });

  it("stores the dead letter before it acks", async () => {
    const { event, context, calls } = createTestDelivery();
    settle(event, { kind: "dead-letter", error, cause: "permanent" }, context);
    expect([event.state.kind, calls]).toEqual(["dead-lettering", []]);
    await getSettlement(event);
    expect(calls).toEqual(["ack"]);
    expect([context.failures.total, context.deadLettered.total]).toEqual([1, 1]);
    const { count } = await context.broker.deadLetters.count("readers", { timeoutMs: 1_000 });
    expect(count).toBe(1);
  });

  it("retries an event whose dead letter cannot be stored", async () => {
    const { event, context, calls } = createTestDelivery({
      change: (broker) => ({
        ...broker,
        deadLetters: {
          ...broker.deadLetters,
          store: () => Promise.reject(new BusError("stream_full", "no space")),
        },
      }),
    });
    settle(event, { kind: "dead-letter", error, cause: "attempts" }, context);
    await getSettlement(event);
    expect(calls).toEqual(["nak 200"]);
    expect(context.deadLettered.total).toBe(0);
    expect(context.status.lastError).toMatchObject({ code: "stream_full", cause: error });
  });

  it("ends the heartbeats of an event whose dead letter the broker throws on", async () => {
    const { event, context, calls } = createTestDelivery({
      change: (broker) => ({
        ...broker,
        deadLetters: {
          ...broker.deadLetters,
          store() {
            throw new Error("not connected");
          },
        },
      }),
    });
    settle(event, { kind: "dead-letter", error, cause: "poison" }, context);
    await getSettlement(event);
    expect([calls, needsHeartbeat(event)]).toEqual([["nak 200"], false]);
  });

  it("records what an async listener rejects with", async () => {
    const lost = new Error("the log is lost");
    const { event, context } = createTestDelivery({
      // oxlint-disable-next-line typescript/no-misused-promises -- Users pass async listeners all the same.
      subscribe: { onFailure: () => Promise.reject(lost) },
    });
    settle(event, { kind: "retry", error, delayMs: 200 }, context);
    await expect.poll(() => context.status.lastError).toBe(lost);
  });

  it("records what a listener throws", () => {
    const { event, context, calls } = createTestDelivery({
      subscribe: {
        onFailure() {
          throw new Error("the log is full");
        },
      },
    });
    settle(event, { kind: "retry", error, delayMs: 200 }, context);
    expect(calls).toEqual(["failures 1", "nak 200"]);
    expect(context.status.lastError).toMatchObject({ message: "the log is full" });
  });
});
