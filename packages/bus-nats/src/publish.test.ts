import type { Appended } from "@fanfare/bus";
import { describe, expect, it, vi } from "vitest";
import { fakeLink, status } from "../test/fake-link.ts";
import { record } from "../test/open-broker.ts";
import { createPublish } from "./publish.ts";
import { openReplies } from "./replies.ts";
import { settingsOf } from "./settings.ts";

const soon = { timeout: 10_000, interval: 5 };

function open(limits: { maxInFlight?: number; maxWaiting?: number } = {}) {
  const link = fakeLink();
  link.up();
  const settings = settingsOf({ servers: "nats://127.0.0.1:4222", ...limits });
  const ensured: string[] = [];
  const streams = {
    provision: () => Promise.reject(new Error("not asked for")),
    ensure: async (topic: string) => `made ${ensured.push(topic)}`,
    loss: () => undefined,
  };
  const replies = openReplies(link, settings.inboxPrefix);
  const append = createPublish({ link, replies, streams, settings });
  return {
    link,
    ensured,
    ids: () => link.sent.map(({ text }) => text),
    publish: (id: string, signal?: AbortSignal): Promise<Appended> =>
      append(record(id), { timeoutMs: 30_000, signal }),
    /** Says that the nth message sent is stored, with that sequence. */
    store: (n: number) => {
      const sent = link.sent[n];
      if (sent === undefined) throw new Error(`message ${n} was not sent`);
      const data = new TextEncoder().encode(`{"stream":"fanfare_things_made","seq":${n}}`);
      link.deliver(sent, { data });
    },
  };
}

describe("a publish", () => {
  it("is sent in the call", () => {
    const { publish, ids } = open();
    void publish("1");
    void publish("2");
    expect(ids()).toEqual(["1", "2"]);
  });

  it("waits for a place when many are in flight", async () => {
    const { publish, ids, store } = open({ maxInFlight: 2, maxWaiting: 1 });
    const first = publish("1");
    void publish("2");
    const third = publish("3");
    await expect(publish("4")).rejects.toMatchObject({ code: "resource_exhausted" });
    expect(ids()).toEqual(["1", "2"]);
    store(0);
    await expect(first).resolves.toEqual({ duplicate: false, sequence: 0 });
    expect(ids()).toEqual(["1", "2", "3"]);
    store(2);
    await expect(third).resolves.toMatchObject({ sequence: 2 });
  });

  it("is not sent once its caller has given up", async () => {
    const { publish, ids, store } = open({ maxInFlight: 1 });
    const first = publish("1");
    const giveUp = new AbortController();
    const second = publish("2", giveUp.signal);
    giveUp.abort();
    await expect(second).rejects.toMatchObject({ code: "aborted" });
    store(0);
    await first;
    void publish("3");
    expect(ids()).toEqual(["1", "3"]);
  });

  it("keeps the order of calls when the connection is lost, also for what comes meanwhile", async () => {
    const { link, publish, ids, store } = open();
    const published = ["1", "2", "3"].map((id) => publish(id));
    store(0);
    link.down();
    published.push(publish("4"));
    link.up();
    published.push(publish("5"));
    await vi.waitFor(() => expect(ids()).toEqual(["1", "2", "3", "2", "3", "4", "5"]), soon);
    for (const sent of [3, 4, 5, 6]) store(sent);
    expect((await Promise.all(published)).map(({ sequence }) => sequence)).toEqual([0, 3, 4, 5, 6]);
  });

  it("takes the answer to an earlier copy", async () => {
    const { link, publish, store } = open();
    const published = publish("1");
    link.down();
    link.up();
    await vi.waitFor(() => expect(link.sent).toHaveLength(2), soon);
    store(0);
    await expect(published).resolves.toMatchObject({ sequence: 0 });
  });

  it("makes a missing stream and sends again what had failed, when all answers are there", async () => {
    const { link, publish, ids, store, ensured } = open();
    const published = ["1", "2"].map((id) => publish(id));
    const [first, second] = link.sent;
    if (first === undefined || second === undefined) throw new Error("nothing was sent");
    link.deliver(first, status(503, ""));
    published.push(publish("3"));
    expect(ids()).toEqual(["1", "2"]);
    link.deliver(second, status(503, ""));
    await vi.waitFor(() => expect(ids()).toEqual(["1", "2", "1", "2", "3"]), soon);
    expect(ensured).toEqual(["things.made"]);
    for (const sent of [2, 3, 4]) store(sent);
    await Promise.all(published);
  });
});
