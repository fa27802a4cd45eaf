import type { Msg } from "@nats-io/nats-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeConnection, createStatus } from "../../test/fake-connection.ts";
import { openPullSubscription } from "./pull-subscription.ts";

const event: Partial<Msg> = { subject: "fanfare.a.0", reply: "$JS.ACK.s.c.1.1.1.1.0" };

function open() {
  const connection = createFakeConnection();
  connection.connect();
  const received: Msg[] = [];
  const unrequested: Msg[] = [];
  const returned: number[] = [];
  let missing = 0;
  const subscription = openPullSubscription({
    connection,
    inboxPrefix: "_INBOX",
    stream: "fanfare_a",
    consumer: "readers",
    onMessage: (message) => received.push(message),
    onUnrequested: (message) => unrequested.push(message),
    onConsumerMissing: () => (missing += 1),
    onReturned: (count) => returned.push(count),
  });
  const request = (count: number, durationMs?: number) => {
    returned.length = 0;
    subscription.request(count, durationMs);
    const sent = connection.sent.at(-1);
    if (sent === undefined) throw new Error("nothing was sent");
    return sent;
  };
  return {
    connection,
    subscription,
    received,
    unrequested,
    returned,
    request,
    countMissing: () => missing,
  };
}

describe("openPullSubscription()", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("sends pull requests to the consumer", () => {
    const { request, subscription } = open();
    const sent = request(3);
    expect(sent.subject).toBe("$JS.API.CONSUMER.MSG.NEXT.fanfare_a.readers");
    expect(JSON.parse(sent.text)).toEqual({
      batch: 3,
      expires: 30e9,
      idle_heartbeat: 5e9,
    });
    expect(JSON.parse(request(1, 0).text)).toEqual({ batch: 1, no_wait: true });
    expect(subscription.outstanding).toBe(4);
  });

  it("separates requested messages from others", () => {
    const { connection, request, received, unrequested } = open();
    const sent = request(2);
    for (let i = 0; i < 3; i += 1) connection.deliver(sent, event);
    expect([received.length, unrequested.length]).toEqual([2, 1]);
  });

  it("returns what an expired request did not deliver", () => {
    const { connection, request, returned, subscription } = open();
    const sent = request(5);
    connection.deliver(sent, event);
    connection.deliver(sent, createStatus(408, "Request Timeout", 4));
    expect(returned).toEqual([4]);
    const { outstanding, isReady, error } = subscription;
    expect([outstanding, isReady, error]).toEqual([0, true, undefined]);
  });

  it("backs off, longer each time, while its consumer is missing", () => {
    const { connection, request, returned, subscription } = open();
    for (const backoffMs of [200, 400, 800]) {
      connection.deliver(request(5), createStatus(503, ""));
      expect(returned).toEqual([5]);
      expect(subscription.error).toMatchObject({ code: "not_provisioned" });
      vi.advanceTimersByTime(backoffMs - 1);
      expect(subscription.isReady).toBe(false);
      vi.advanceTimersByTime(backoffMs);
      expect(subscription.isReady).toBe(true);
    }
    connection.deliver(request(5), event);
    expect(subscription.error).toBeUndefined();
  });

  it("returns all requests when the consumer is deleted", () => {
    const { connection, request, returned, subscription, countMissing } = open();
    request(5);
    connection.deliver(request(3), createStatus(409, "Consumer Deleted"));
    expect([returned, countMissing()]).toEqual([[8], 1]);
    expect(subscription.error).toMatchObject({ code: "not_provisioned" });
  });

  it("returns all requests when the consumer has lost its leader", () => {
    const { connection, request, returned, subscription, countMissing } = open();
    connection.deliver(request(3), createStatus(409, "Leadership Change"));
    expect([returned, countMissing()]).toEqual([[3], 0]);
    expect(subscription.error).toMatchObject({ code: "no_leader", retryable: true });
  });

  it("returns all requests when heartbeats stop", () => {
    const { connection, request, returned, subscription } = open();
    const sent = request(5);
    for (let i = 0; i < 3; i += 1) {
      vi.advanceTimersByTime(9_000);
      connection.deliver(sent, createStatus(100, "Idle Heartbeat"));
      subscription.check();
    }
    expect(subscription.outstanding).toBe(5);
    vi.advanceTimersByTime(13_000);
    subscription.check();
    expect(returned).toContain(5);
    expect(subscription.error).toMatchObject({ code: "unavailable" });
  });

  it("returns all requests when the connection is lost, and is ready after a reconnect", () => {
    const { connection, request, returned, subscription, received } = open();
    const before = request(5);
    connection.disconnect();
    expect([returned, subscription.isReady]).toEqual([[5], false]);
    connection.connect();
    expect(subscription.isReady).toBe(true);
    const after = request(5);
    expect(after.reply).not.toBe(before.reply);
    connection.deliver(before, event);
    expect(received).toHaveLength(0);
    connection.deliver(after, event);
    expect(received).toHaveLength(1);
  });

  it("passes on messages that arrive while it closes as unrequested", async () => {
    const { connection, request, subscription, received, unrequested } = open();
    const sent = request(5);
    const closing = subscription.close();
    connection.deliver(sent, event);
    await closing;
    expect([received.length, unrequested.length, subscription.isReady]).toEqual([0, 1, false]);
  });
});
