import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { type BusOptions, createPublisher, type EventBus, type EventRouter } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { type Nats, reservePort } from "@fanfare/dev-stack";
import { nkeys } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openAdmin } from "../test/admin.ts";
import { startOwnNats } from "../test/nats-server.ts";
import { connectNats } from "./connect-nats.ts";

const soon = { timeout: 20_000, interval: 20 };
const robot = nkeys.createUser();
const users = `authorization { users: [
  { user: owner, password: secret }
  { user: publisher, password: secret,
    permissions: { publish: ["fanfare.>"], subscribe: ["_INBOX.>"] } }
  { user: stranger, password: secret, permissions: { publish: ["other"], subscribe: ["_INBOX.>"] } }
  { user: deaf, password: secret, permissions: { publish: [">"], subscribe: ["other"] } }
  { nkey: ${robot.getPublicKey()} }
] }`;

describe("connectNats()", { timeout: 60_000 }, () => {
  let nats: Nats;
  let monitoring: string;
  let folder: string;
  beforeAll(async () => {
    const address = `127.0.0.1:${await reservePort()}`;
    monitoring = `http://${address}`;
    nats = await startOwnNats(`http: "${address}"\n${users}`);
    folder = await mkdtemp(join(tmpdir(), "bus-nats-"));
  }, 120_000);
  afterAll(async () => {
    await nats?.stop();
    await rm(folder, { recursive: true });
  });

  const listConnections = async (state: "open" | "closed") =>
    await (await fetch(`${monitoring}/connz?state=${state}`)).text();
  const connectAs = (user: string, password = "secret") =>
    connectNats({ servers: nats.url, source: `//${user}`, user, password });

  it("carries a typed event from a publisher to a handler", async () => {
    await using bus = await connectAs("owner");
    const handled: string[] = [];
    await using subscription = await bus.subscribe("typed", (on) => {
      on.service(NoteEvents, {
        noteWritten: (note, { source }) => {
          handled.push(`${note.author} from ${source}`);
        },
      });
    });
    await publish(bus, "typed");
    await vi.waitFor(() => expect(handled).toEqual(["typed from //owner"]), soon);
    expect(subscription.health()).toMatchObject({ state: "running", failures: 0 });
    expect(bus.health()).toMatchObject({ broker: "jetstream", connected: true });
  });

  it("passes every option on to the bus", async () => {
    const seen: string[] = [];
    // An option that the bus gains is missing here, which does not compile: test it as well.
    const options = {
      source: "//every.option",
      interceptors: [
        {
          publish: (next) => (call) => {
            seen.push(`publish ${call.method.name}`);
            return next(call);
          },
        },
      ],
      stopTimeoutMs: 100,
    } satisfies Required<BusOptions>;
    const credentials = { user: "owner", password: "secret" };
    await using bus = await connectNats({ servers: nats.url, ...credentials, ...options });
    await bus.subscribe("hanging", (on) => {
      on.service(NoteEvents, {
        noteWritten(_note, { source }) {
          seen.push(`handle ${source}`);
          return new Promise<void>(() => {});
        },
      });
    });
    await publish(bus, "every");
    const expected = ["publish NoteWritten", "handle //every.option"];
    await vi.waitFor(() => expect(seen).toEqual(expected), soon);
    const start = performance.now();
    await bus.close();
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it("closes its connection when it rejects", async () => {
    const credentials = { user: "owner", password: "secret" };
    const options = { servers: nats.url, name: "rejected", ...credentials, source: "" };
    await expect(connectNats(options)).rejects.toMatchObject({ code: "invalid_argument" });
    const name = '"name": "rejected"';
    await vi.waitFor(async () => expect(await listConnections("closed")).toContain(name), soon);
    expect(await listConnections("open")).not.toContain(name);
  });

  it("publishes as a user who may do nothing else, once the stream exists", async () => {
    await using bus = await connectAs("publisher");
    await expect(publish(bus, "only").then(({ topic }) => topic)).resolves.toBe("notes.written");
  });

  it("rejects with permission_denied for credentials that the server refuses", async () => {
    await expect(connectAs("owner", "wrong")).rejects.toMatchObject({
      code: "permission_denied",
      retryable: false,
    });
  });

  it("connects with the credentials of its address, and shows none of them", async () => {
    const address = (login: string) => nats.url.replace("//", `//${login}@`);
    await using bus = await connectNats({ servers: [address("owner:s%65cret"), nats.url] });
    await publish(bus, "by address");
    const refused = await connectNats({ servers: address("owner:s3cret") }).catch(
      (reason: unknown) => inspect(reason),
    );
    expect(refused).toContain(nats.url);
    const closed = address("owner:s3cret").replace(/\d+$/, "1");
    await using away = await connectNats({ servers: closed, connectTimeoutMs: 200 });
    for (const shown of [refused, inspect(away.health(), { depth: 9, showHidden: true })]) {
      expect(shown).not.toContain("s3cret");
    }
    const rejected = await publish(away, "away", 100).catch((reason: unknown) => inspect(reason));
    expect(rejected).toContain("127.0.0.1:1");
    expect(rejected).not.toContain("s3cret");
  });

  it("names the subject that a user may not publish to", async () => {
    await using bus = await connectAs("stranger");
    await expect(publish(bus, "denied")).rejects.toMatchObject({
      code: "permission_denied",
      message: expect.stringContaining("fanfare.notes.written."),
    });
  });

  it("names the inbox that a user may not subscribe to", async () => {
    await using bus = await connectAs("deaf");
    await expect(publish(bus, "deaf")).rejects.toMatchObject({
      code: "permission_denied",
      message: expect.stringContaining("_INBOX"),
    });
  });

  it("connects with an NKey from a file", async () => {
    const nkeyFile = join(folder, "robot.nk");
    await writeFile(nkeyFile, `${new TextDecoder().decode(robot.getSeed())}\n`);
    await using bus = await connectNats({ servers: nats.url, nkeyFile });
    expect(bus.health().connected).toBe(true);
  });

  it("resolves before the server is up, and works once it is", async () => {
    const late = await startOwnNats();
    await late.kill();
    await using bus = await connectNats({ servers: late.url, connectTimeoutMs: 50 });
    expect(bus.health()).toMatchObject({
      connected: false,
      lastError: { code: "unavailable", message: expect.stringContaining(late.url) },
    });
    const published = publish(bus, "late");
    await late.start();
    await expect(published).resolves.toMatchObject({ duplicate: false });
    await late.stop();
  });

  it("resolves while the name of the server cannot be resolved", async () => {
    const servers = "nats://nowhere.invalid:4222";
    await using bus = await connectNats({ servers, connectTimeoutMs: 500 });
    expect(bus.health()).toMatchObject({ connected: false, lastError: { code: "unavailable" } });
  });

  it("reports that the account has no JetStream", async () => {
    const known = "[{ user: plain, password: secret }]";
    await using without = await startOwnNats(`accounts { plain { users: ${known} } }`);
    const plain = { servers: without.url, user: "plain", password: "secret" };
    await using bus = await connectNats(plain);
    const unavailable = { code: "unavailable", message: expect.stringMatching(/not enabled/i) };
    await expect(publish(bus, "1")).rejects.toMatchObject(unavailable);
    await expect(bus.subscribe("readers", readNotes)).rejects.toMatchObject(unavailable);
  });

  it("reports a full disk in the health of a process that only publishes, until there is room", async () => {
    await using full = await startOwnNats("", { jetStream: "max_file_store: 10KB" });
    await using bus = await connectNats({ servers: full.url });
    const { noteWritten } = createPublisher(NoteEvents, bus);
    const publishLarge = (id: string) => noteWritten({ author: "a".repeat(1_000) }, { id });
    const refused = { code: "resource_exhausted", retryable: true };
    const fill = async () => {
      for (let id = 1; id < 100; id += 1) await publishLarge(`${id}`);
    };
    await expect(fill()).rejects.toMatchObject(refused);
    await expect(publishLarge("late")).rejects.toMatchObject(refused);
    const failing = [{ topic: "notes.written", count: 2, error: refused }];
    expect(bus.health()).toMatchObject({ connected: true, failing, lastError: refused });
    await using admin = await openAdmin(full.url);
    await admin.streams.purge("fanfare_notes_written");
    await publishLarge("late");
    expect(bus.health().failing).toEqual([]);
    expect(bus.health()).not.toHaveProperty("lastError");
  });

  it("rejects options that cannot work", async () => {
    const wrong = [
      { servers: "" },
      { servers: [] },
      { servers: "nats://two words:1" },
      { servers: nats.url, credentialsFile: join(folder, "missing.creds") },
      { servers: nats.url, nkeyFile: folder },
    ];
    for (const options of wrong) {
      await expect(connectNats(options)).rejects.toMatchObject({ code: "invalid_argument" });
    }
  });
});

function publish(bus: EventBus, id: string, timeoutMs = 5_000) {
  return createPublisher(NoteEvents, bus).noteWritten({ author: id }, { id, timeoutMs });
}

function readNotes(on: EventRouter): void {
  on.service(NoteEvents, { noteWritten: () => {} });
}
