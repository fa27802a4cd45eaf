import type { Msg } from "@nats-io/nats-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeLink, status } from "../test/fake-link.ts";
import { openChannel } from "./channel.ts";

const event: Partial<Msg> = { subject: "fanfare.a.0", reply: "$JS.ACK.s.c.1.1.1.1.0" };

function open() {
  const link = fakeLink();
  link.up();
  const received: Msg[] = [];
  const refused: Msg[] = [];
  const returned: number[] = [];
  let missing = 0;
  const channel = openChannel({
    link,
    inboxPrefix: "_INBOX",
    stream: "fanfare_a",
    consumer: "readers",
    receive: (message) => received.push(message),
    refuse: (message) => refused.push(message),
    missing: () => (missing += 1),
    returned: (count) => returned.push(count),
  });
  const pull = (count: number, lastsMs?: number) => {
    returned.length = 0;
    channel.pull(count, lastsMs);
    const request = link.sent.at(-1);
    if (request === undefined) throw new Error("nothing was sent");
    return request;
  };
  return { link, channel, received, refused, returned, pull, missing: () => missing };
}

describe("a channel", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks the consumer for as many messages as are pulled", () => {
    const { pull, channel } = open();
    const request = pull(3);
    expect(request.subject).toBe("$JS.API.CONSUMER.MSG.NEXT.fanfare_a.readers");
    expect(JSON.parse(request.text)).toEqual({
      batch: 3,
      expires: 30e9,
      idle_heartbeat: 5e9,
    });
    expect(JSON.parse(pull(1, 0).text)).toEqual({ batch: 1, no_wait: true });
    expect(channel.outstanding).toBe(4);
  });

  it("hands on what was asked for and refuses the rest", () => {
    const { link, pull, received, refused } = open();
    const request = pull(2);
    for (let i = 0; i < 3; i += 1) link.deliver(request, event);
    expect([received.length, refused.length]).toEqual([2, 1]);
  });

  it("returns what a pull that ran out did not bring", () => {
    const { link, pull, returned, channel } = open();
    const request = pull(5);
    link.deliver(request, event);
    link.deliver(request, status(408, "Request Timeout", 4));
    expect(returned).toEqual([4]);
    expect([channel.outstanding, channel.ready, channel.error]).toEqual([0, true, undefined]);
  });

  it("rests, longer each time, while its consumer is missing", () => {
    const { link, pull, returned, channel } = open();
    for (const restMs of [200, 400, 800]) {
      link.deliver(pull(5), status(503, ""));
      expect(returned).toEqual([5]);
      expect(channel.error).toMatchObject({ code: "not_provisioned" });
      vi.advanceTimersByTime(restMs - 1);
      expect(channel.ready).toBe(false);
      vi.advanceTimersByTime(restMs);
      expect(channel.ready).toBe(true);
    }
    link.deliver(pull(5), event);
    expect(channel.error).toBeUndefined();
  });

  it("gives all pulls up when the consumer is deleted", () => {
    const { link, pull, returned, channel, missing } = open();
    pull(5);
    link.deliver(pull(3), status(409, "Consumer Deleted"));
    expect([returned, missing()]).toEqual([[8], 1]);
    expect(channel.error).toMatchObject({ code: "not_provisioned" });
  });

  it("gives all pulls up when the consumer has lost its leader", () => {
    const { link, pull, returned, channel, missing } = open();
    link.deliver(pull(3), status(409, "Leadership Change"));
    expect([returned, missing()]).toEqual([[3], 0]);
    expect(channel.error).toMatchObject({ code: "no_leader", retryable: true });
  });

  it("gives all pulls up when the server is silent, and not while it shows signs of life", () => {
    const { link, pull, returned, channel } = open();
    const request = pull(5);
    for (let i = 0; i < 3; i += 1) {
      vi.advanceTimersByTime(9_000);
      link.deliver(request, status(100, "Idle Heartbeat"));
      channel.check();
    }
    expect(channel.outstanding).toBe(5);
    vi.advanceTimersByTime(13_000);
    channel.check();
    expect(returned).toContain(5);
    expect(channel.error).toMatchObject({ code: "unavailable" });
  });

  it("gives all pulls up when the connection is lost, and is ready when it is back", () => {
    const { link, pull, returned, channel, received } = open();
    const before = pull(5);
    link.down();
    expect([returned, channel.ready]).toEqual([[5], false]);
    link.up();
    expect(channel.ready).toBe(true);
    const after = pull(5);
    expect(after.reply).not.toBe(before.reply);
    link.deliver(before, event);
    expect(received).toHaveLength(0);
    link.deliver(after, event);
    expect(received).toHaveLength(1);
  });

  it("refuses what was under way when it is closed", async () => {
    const { link, pull, channel, received, refused } = open();
    const request = pull(5);
    const closing = channel.close();
    link.deliver(request, event);
    await closing;
    expect([received.length, refused.length, channel.ready]).toEqual([0, 1, false]);
  });
});
