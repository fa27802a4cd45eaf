import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPublisher, type Delivery } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import type { Nats } from "@fanfare/dev-stack";
import { headers } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openAdmin } from "../../test/admin.ts";
import { startOwnNats } from "../../test/nats-server.ts";
import { connectNats } from "../connect-nats.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const page = readFileSync(`${root}docs/wire.md`, "utf8");
const buf = `${root}node_modules/.bin/buf`;
const noteType = ["convert", "packages/bus/proto", "--type", "fanfare.testing.v1.Note"];

describe("docs/wire.md", { timeout: 60_000 }, () => {
  let nats: Nats;
  let folder: string;
  beforeAll(async () => {
    nats = await startOwnNats();
    folder = await mkdtemp(join(tmpdir(), "bus-nats-"));
  }, 120_000);
  afterAll(async () => {
    await nats?.stop();
    await rm(folder, { recursive: true });
  });

  it("describes how to publish an event without this library", async () => {
    await using bus = await connectNats({ servers: nats.url });
    const seen: { author: string; number: number; delivery: Delivery }[] = [];
    await bus.subscribe("readers", (on) =>
      on.service(NoteEvents, {
        noteWritten: ({ author, number }, delivery) => void seen.push({ author, number, delivery }),
      }),
    );
    const file = join(folder, "note.binpb");
    const [json = ""] = /(?<=echo ').*(?=')/.exec(page) ?? [];
    execFileSync(buf, [...noteType, "--from", "-#format=json", "--to", file], {
      cwd: root,
      input: json,
    });
    const [subject = ""] = /(?<=nats request )\S+/.exec(page) ?? [];
    const all = headers();
    for (const [, name = "", value = ""] of page.matchAll(/-H ([^:\s]+):(\S+)/g)) {
      all.set(name, value);
    }
    const connection = await connect({ servers: nats.url });
    const publish = async () =>
      (
        await connection.request(subject, await readFile(file), { headers: all, timeout: 10_000 })
      ).json();
    expect(await publish()).toMatchObject({ stream: "fanfare_notes_written", seq: 1 });
    expect(await publish()).toMatchObject({ duplicate: true });
    await connection.close();
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 20_000 });
    const delivery = { id: "note/7", key: "ada", topic: "notes.written", source: "//by.hand" };
    expect(seen).toMatchObject([{ author: "ada", number: 7, delivery }]);
  });

  it("describes where an event is stored, and how", async () => {
    await using bus = await connectNats({ servers: nats.url, prefix: "wire", source: "//ours" });
    const notes = createPublisher(NoteEvents, bus);
    const time = new Date("2026-01-02T03:04:05Z");
    await notes.noteWritten({ author: "ada", number: 7 }, { id: "7 é", time });
    await using admin = await openAdmin(nats.url);
    const stored = await admin.streams.getMessage("wire_notes_written", { seq: 1 });
    const [, partition = ""] = /\| `ada` \| (\d+) \|/.exec(page) ?? [];
    expect(stored?.subject).toBe(`wire.notes.written.${partition}`);
    const lines = [...(stored?.header ?? [])].map(([name, [value]]) => [name, value]);
    expect(Object.fromEntries(lines)).toEqual({
      "Nats-Msg-Id": "notes.written/7 é",
      "ce-specversion": "1.0",
      "ce-id": "7%20%C3%A9",
      "ce-type": "fanfare.testing.v1.Note",
      "ce-source": "//ours",
      "ce-time": "2026-01-02T03:04:05.000Z",
      "ce-datacontenttype": "application/protobuf",
      "ce-topic": "notes.written",
      "ce-partitionkey": "ada",
    });
    const json = execFileSync(
      buf,
      [...noteType, "--from", "-#format=binpb", "--to", "-#format=json"],
      { cwd: root, input: stored?.data ?? new Uint8Array() },
    );
    expect(JSON.parse(json.toString())).toEqual({ author: "ada", number: 7 });
  });
});
