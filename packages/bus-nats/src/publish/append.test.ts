import { type Appended, BusError } from "@fanfare/bus";
import { describe, expect, it, vi } from "vitest";
import { createFakeConnection, createStatus } from "../../test/fake-connection.ts";
import { createRecord } from "../../test/open-broker.ts";
import { openRequestMux } from "../connection/request-mux.ts";
import { resolveSettings } from "../settings.ts";
import { createAppend } from "./append.ts";

const soon = { timeout: 10_000, interval: 5 };

interface OpenOptions {
  readonly maxInFlight?: number;
  readonly maxWaiting?: number;
  /** Stands for the look-up of a missing stream. */
  readonly ensure?: () => Promise<string | undefined>;
}

function open({ ensure = async () => "created", ...limits }: OpenOptions = {}) {
  const connection = createFakeConnection();
  connection.connect();
  const settings = resolveSettings({ servers: "nats://127.0.0.1:4222", ...limits });
  const ensured: string[] = [];
  const streams = {
    provision: () => Promise.reject(new Error("not expected")),
    ensure: async (topic: string) => {
      ensured.push(topic);
      return await ensure();
    },
    findLoss: () => undefined,
  };
  const requests = openRequestMux(connection, settings.inboxPrefix);
  const append = createAppend({ connection, requests, streams, settings });
  return {
    connection,
    ensured,
    ids: () => connection.sent.map(({ text }) => text),
    publish: (id: string, signal?: AbortSignal, timeoutMs = 30_000): Promise<Appended> =>
      append(createRecord(id), { timeoutMs, signal }),
    /** Replies to the nth message that was sent that nothing receives it. */
    refuse: (n: number) => {
      const sent = connection.sent[n];
      if (sent === undefined) throw new Error(`message ${n} was not sent`);
      connection.deliver(sent, createStatus(503, ""));
    },
    /** Acknowledges the nth message that was sent, with the sequence n. */
    acknowledge: (n: number) => {
      const sent = connection.sent[n];
      if (sent === undefined) throw new Error(`message ${n} was not sent`);
      const data = new TextEncoder().encode(`{"stream":"fanfare_things_made","seq":${n}}`);
      connection.deliver(sent, { data });
    },
  };
}

const noAnswer = new BusError("deadline_exceeded", "no answer");

describe("createAppend()", () => {
  it("sends synchronously", () => {
    const { publish, ids } = open();
    void publish("1");
    void publish("2");
    expect(ids()).toEqual(["1", "2"]);
  });

  it("queues publishes beyond maxInFlight and rejects those beyond maxWaiting", async () => {
    const { publish, ids, acknowledge } = open({ maxInFlight: 2, maxWaiting: 1 });
    const first = publish("1");
    void publish("2");
    const third = publish("3");
    await expect(publish("4")).rejects.toMatchObject({ code: "resource_exhausted" });
    expect(ids()).toEqual(["1", "2"]);
    acknowledge(0);
    await expect(first).resolves.toEqual({ duplicate: false, sequence: 0 });
    expect(ids()).toEqual(["1", "2", "3"]);
    acknowledge(2);
    await expect(third).resolves.toMatchObject({ sequence: 2 });
  });

  it("does not send a queued publish that its caller aborted", async () => {
    const { publish, ids, acknowledge } = open({ maxInFlight: 1 });
    const first = publish("1");
    const abort = new AbortController();
    const second = publish("2", abort.signal);
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: "aborted" });
    acknowledge(0);
    await first;
    void publish("3");
    expect(ids()).toEqual(["1", "3"]);
  });

  it("keeps the order of calls across a lost connection", async () => {
    const { connection, publish, ids, acknowledge } = open();
    const published = ["1", "2", "3"].map((id) => publish(id));
    acknowledge(0);
    connection.disconnect();
    published.push(publish("4"));
    connection.connect();
    published.push(publish("5"));
    await vi.waitFor(() => expect(ids()).toEqual(["1", "2", "3", "2", "3", "4", "5"]), soon);
    for (const sent of [3, 4, 5, 6]) acknowledge(sent);
    expect((await Promise.all(published)).map(({ sequence }) => sequence)).toEqual([0, 3, 4, 5, 6]);
  });

  it("accepts the reply to an earlier copy", async () => {
    const { connection, publish, acknowledge } = open();
    const published = publish("1");
    connection.disconnect();
    connection.connect();
    await vi.waitFor(() => expect(connection.sent).toHaveLength(2), soon);
    acknowledge(0);
    await expect(published).resolves.toMatchObject({ sequence: 0 });
  });

  it("creates a missing stream once all replies have arrived, and sends again in order", async () => {
    const { connection, publish, ids, acknowledge, ensured } = open();
    const published = ["1", "2"].map((id) => publish(id));
    const [first, second] = connection.sent;
    if (first === undefined || second === undefined) throw new Error("nothing was sent");
    connection.deliver(first, createStatus(503, ""));
    published.push(publish("3"));
    expect(ids()).toEqual(["1", "2"]);
    connection.deliver(second, createStatus(503, ""));
    await vi.waitFor(() => expect(ids()).toEqual(["1", "2", "1", "2", "3"]), soon);
    expect(ensured).toEqual(["things.made"]);
    for (const sent of [2, 3, 4]) acknowledge(sent);
    await Promise.all(published);
  });

  it.each([
    ["may not be looked up", () => Promise.resolve(undefined)],
    ["has no leader to answer", () => Promise.reject(noAnswer)],
  ])("sends again while its stream %s", async (_, ensure) => {
    const { publish, ids, refuse, acknowledge } = open({ ensure });
    const published = publish("1");
    for (const sent of [0, 1]) {
      refuse(sent);
      await vi.waitFor(() => expect(ids()).toHaveLength(sent + 2), soon);
    }
    acknowledge(2);
    await expect(published).resolves.toMatchObject({ sequence: 2 });
  });

  it("rejects with not_provisioned at its deadline when nothing has received it", async () => {
    const { publish, refuse } = open({ ensure: () => Promise.resolve(undefined) });
    const published = publish("1", undefined, 100);
    refuse(0);
    await expect(published).rejects.toMatchObject({
      code: "not_provisioned",
      message: expect.stringContaining("stream fanfare_things_made is missing"),
    });
  });
});
