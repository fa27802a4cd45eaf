import { createPublisher, type Delivery } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import type { Nats } from "@fanfare/dev-stack";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openAdmin } from "../../test/admin.ts";
import { startOwnNats } from "../../test/nats-server.ts";
import { createUsers, layouts, type Users } from "../../test/users.ts";
import { connectNats } from "../connect-nats.ts";
import { createInboxPrefix } from "../connection/create-user-options.ts";
import { provisionGroups } from "./provision-groups.ts";
import { provisionTopics } from "./provision-topics.ts";

const soon = { timeout: 20_000, interval: 20 };
const topic = "notes.written";
const groupNames = ["revenue", "audit"];
const groups = groupNames.map((group) => ({ group, topics: [topic] }));

describe.each(layouts)("processes with the least privilege, %s", { timeout: 60_000 }, (layout) => {
  let nats: Nats;
  let users: Users;
  beforeAll(async () => {
    users = createUsers(layout, { publishes: [topic, "notes.read"], groups });
    nats = await startOwnNats(users.config);
    const admin = { servers: nats.url, ...users.admin };
    await provisionTopics(admin, { topics: [topic, "notes.other"] });
    await provisionGroups(admin, { groups });
  }, 120_000);
  afterAll(async () => {
    users?.[Symbol.dispose]();
    await nats?.stop();
  });

  /** Tests of several seconds run once. */
  const isLong = layout === "an account each";
  const connectAs = (user: string) => connectNats({ servers: nats.url, ...users.find(user) });

  it("publish and consume", async () => {
    const handled: string[] = [];
    await using buses = new AsyncDisposableStack();
    const open = async (group: string) => {
      const bus = buses.use(await connectAs(group));
      await bus.subscribe(group, (on) =>
        on.service(NoteEvents, {
          noteWritten: ({ author }, { attempt }) => {
            if (attempt === 1) throw new Error("not today");
            handled.push(`${author} for ${group}`);
          },
        }),
      );
    };
    await Promise.all(groupNames.map(open));
    await using publisher = await connectAs("publisher");
    const notes = createPublisher(NoteEvents, publisher);
    await notes.noteWritten({ author: "ada" }, { id: "1" });
    const expected = ["ada for audit", "ada for revenue"];
    await vi.waitFor(() => expect(handled.toSorted()).toEqual(expected), soon);
  });

  it("store dead letters, after failures that their processes count together", async () => {
    await using buses = new AsyncDisposableStack();
    const attempts: number[] = [];
    const fail = (_: unknown, { attempt }: Delivery) => {
      attempts.push(attempt);
      throw new Error("never");
    };
    for (const _ of [1, 2]) {
      const revenue = buses.use(await connectAs("revenue"));
      await revenue.subscribe("revenue", (on) => on.service(NoteEvents, { noteWritten: fail }), {
        maxAttempts: 4,
        backoff: { initialIntervalMs: 20 },
      });
    }
    const publisher = buses.use(await connectAs("publisher"));
    await createPublisher(NoteEvents, publisher).noteWritten({ author: "ada" }, { id: "dead" });
    const admin = { servers: nats.url, ...users.admin };
    const bus = buses.use(await connectNats(admin));
    const dead = async () => {
      const letters = await bus.deadLetters("revenue").list();
      expect(letters).toMatchObject([{ id: "dead" }]);
    };
    await vi.waitFor(dead, soon);
    expect(attempts).toEqual([1, 2, 3, 4]);
  });

  it.runIf(isLong)("report what retention removed before they had processed it", async () => {
    await using bus = await connectAs("audit");
    await using publisher = await connectAs("publisher");
    const { noteWritten } = createPublisher(NoteEvents, publisher);
    const subscription = await bus.subscribe(
      "audit",
      (on) => on.service(NoteEvents, { noteWritten: () => new Promise(() => {}) }),
      { concurrency: 1, prefetch: 0 },
    );
    for (const id of ["lost 1", "lost 2", "lost 3", "kept"]) await noteWritten({}, { id });
    await vi.waitFor(() => expect(subscription.health().running).toBe(1), soon);
    const { lost: before } = subscription.health();
    await using admin = await openAdmin(nats.url, users.adminLogin);
    await admin.streams.purge("fanfare_notes_written", { keep: 1 });
    await vi.waitFor(() => expect(subscription.health().lost).toBeGreaterThan(before), soon);
    const { progress } = await subscription.stats();
    expect(progress?.lost).toBe(subscription.health().lost);
    expect(subscription.health()).toMatchObject({ lastError: { code: "data_loss" } });
    await subscription.stop({ timeoutMs: 100 });
  });

  it("read the progress of their group", async () => {
    await using bus = await connectAs("audit");
    const subscription = await bus.subscribe("audit", (on) =>
      on.service(NoteEvents, { noteWritten: () => new Promise(() => {}) }),
    );
    await using publisher = await connectAs("publisher");
    await createPublisher(NoteEvents, publisher).noteWritten({ author: "ada" }, { id: "slow" });
    await vi.waitFor(async () => {
      const { progress } = await subscription.stats();
      expect(progress).toMatchObject({ pending: 0, deadLetters: { count: 0 } });
      expect(progress?.inFlight).toBeGreaterThan(0);
      expect(progress?.topics[0]?.oldestAt).toBeGreaterThan(Date.now() - 60_000);
    }, soon);
    await subscription.stop({ timeoutMs: 100 });
  });

  it("reject a publish with not_provisioned when the stream is missing, whoever may look it up", async () => {
    await using buses = new AsyncDisposableStack();
    const publisher = buses.use(await connectAs("publisher"));
    const admin = { servers: nats.url, ...users.admin, provision: false };
    const others = buses.use(await connectNats(admin));
    for (const bus of [publisher, others]) {
      const published = createPublisher(NoteEvents, bus).noteRead({}, { timeoutMs: 1_500 });
      await expect(published).rejects.toMatchObject({
        code: "not_provisioned",
        message: expect.stringContaining("fanfare_notes_read"),
      });
      expect(bus.health()).toMatchObject({ lastError: { code: "not_provisioned" } });
    }
  });

  it.each([
    ["publisher", ["fanfare.notes.other.0", "fanfare.notes.written._replay.audit"]],
    [
      "revenue",
      [
        "fanfare._dead.audit.notes.written",
        "fanfare._failures.audit.notes.written.1.1",
        "fanfare.notes.written.0",
        "fanfare.notes.written._replay.revenue",
      ],
    ],
  ])("%s may not publish anything else", async (user, subjects) => {
    const stream = "fanfare_notes_written";
    const administration = [
      `$JS.API.STREAM.INFO.${user === "publisher" ? stream : "fanfare_notes_other"}`,
      `$JS.API.STREAM.PURGE.${stream}`,
      `$JS.API.STREAM.DELETE.${stream}`,
      `$JS.API.STREAM.MSG.GET.${stream}`,
      `$JS.API.DIRECT.GET.${user === "publisher" ? stream : "fanfare_notes_other"}`,
      `$JS.API.STREAM.INFO.fanfare___dead_audit`,
      `$JS.API.DIRECT.GET.fanfare___dead_${user}`,
      `$JS.API.DIRECT.GET.fanfare___failures_audit.fanfare._failures.audit.a.1.1`,
      `$JS.API.STREAM.INFO.fanfare___failures_${user}`,
      `$JS.API.STREAM.CREATE.mine`,
      `$JS.API.CONSUMER.CREATE.${stream}.mine`,
      `$JS.API.CONSUMER.DELETE.${stream}.${user}`,
      `$JS.API.CONSUMER.INFO.${stream}.audit`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.audit`,
      `$JS.ACK.${stream}.audit.1.1.1.1.0`,
    ];
    await using raw = disposable(await connectRaw(user));
    const all = [...subjects, ...administration];
    for (const subject of all) raw.connection.publish(subject);
    await raw.connection.flush();
    await vi.waitFor(() => expect(raw.refused).toEqual(all.map((one) => `publish ${one}`)), soon);
  });

  it.each(["publisher", "revenue"])("%s may not subscribe to anything else", async (user) => {
    await using raw = disposable(await connectRaw(user));
    const all = [">", "fanfare.>", "_INBOX.>", `${createInboxPrefix("audit")}.>`, "$JS.EVENT.>"];
    for (const subject of all) raw.connection.subscribe(subject, { callback: () => {} });
    await raw.connection.flush();
    const refused = all.map((one) => `subscription ${one}`);
    await vi.waitFor(() => expect(raw.refused).toEqual(refused), soon);
  });

  it.runIf(isLong)(
    "report what had not been delivered to them when its stream was deleted",
    async () => {
      await using publisher = await connectAs("publisher");
      const { noteWritten } = createPublisher(NoteEvents, publisher);
      for (const number of Array(20).keys()) await noteWritten({ number });
      await using bus = await connectAs("audit");
      const options = { concurrency: 1, prefetch: 0 };
      const subscription = await bus.subscribe(
        "audit",
        (on) => on.service(NoteEvents, { noteWritten: () => new Promise(() => {}) }),
        options,
      );
      await using admin = await openAdmin(nats.url, users.adminLogin);
      const { created } = await admin.streams.info("fanfare_notes_written");
      await vi.waitFor(async () => {
        const query = { last_by_subj: "fanfare._failures.audit._lost.notes.written" };
        const stored = await admin.direct.getMessage("fanfare___failures_audit", query);
        expect(stored?.json()).toMatchObject({ stream: created });
        expect(stored?.json<{ pending: number }>().pending).toBeGreaterThanOrEqual(19);
      }, soon);
      await admin.streams.delete("fanfare_notes_written");
      const again = { servers: nats.url, ...users.admin };
      await provisionTopics(again, { topics: [topic] });
      await provisionGroups(again, { groups });
      await vi.waitFor(() => expect(subscription.health().lost).toBeGreaterThanOrEqual(18), soon);
      expect(subscription.health().lastError).toMatchObject({ code: "data_loss" });
      await subscription.stop({ timeoutMs: 100 });
    },
  );

  function connectRaw(user: string): Promise<NatsConnection> {
    return connect({ servers: nats.url, ...users.login(user) });
  }
});

function disposable(connection: NatsConnection) {
  const refused: string[] = [];
  void (async () => {
    for await (const event of connection.status()) {
      const violation =
        event.type === "error" ? /for (.+) to "(.+)"/i.exec(event.error.message) : null;
      if (violation !== null) refused.push(`${violation[1]?.toLowerCase()} ${violation[2]}`);
    }
  })();
  return { connection, refused, [Symbol.asyncDispose]: () => connection.close() };
}
