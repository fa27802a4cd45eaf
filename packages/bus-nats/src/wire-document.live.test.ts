import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { NoteEvents } from "@fanfare/bus/testing";
import {
  findProgram,
  type Nats,
  natsCli,
  parseCodeBlocks,
  provideProgram,
} from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOwnNats } from "../test/nats-server.ts";
import { connectNats } from "./connect-nats.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const [publish = "", read = "", consume = ""] = parseCodeBlocks(
  readFileSync(join(root, "docs/wire.md"), "utf8"),
).map(({ code }) => code);
const cli =
  process.env.FANFARE_WIRE === "long" ? await provideProgram(natsCli) : await findProgram(natsCli);

describe.skipIf(cli === undefined)("the commands of docs/wire.md, with the nats CLI", () => {
  let nats: Nats;
  const home = mkdtempSync(join(tmpdir(), "wire-"));
  beforeAll(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterAll(async () => {
    await nats?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  async function run(commands: string): Promise<string> {
    const folders = [dirname(cli ?? ""), join(root, "node_modules/.bin"), process.env.PATH];
    const env = { ...process.env, NATS_URL: nats.url, HOME: home, PATH: folders.join(delimiter) };
    const script = commands.replaceAll("note.binpb", join(home, "note.binpb"));
    const options = { cwd: root, env, timeout: 60_000 };
    return (await promisify(execFile)("/bin/bash", ["-euo", "pipefail", "-c", script], options))
      .stdout;
  }

  it("publish an event that groups receive, read it, and consume as a group", async () => {
    await using bus = await connectNats({ servers: nats.url });
    const { promise: received, resolve: receive } = Promise.withResolvers<unknown>();
    await bus.subscribe("readers", (on) => {
      on.service(NoteEvents, { noteWritten: ({ author, number }) => receive({ author, number }) });
    });
    expect(JSON.parse(await run(publish))).toEqual({ stream: "fanfare_notes_written", seq: 1 });
    expect(await received).toEqual({ author: "ada", number: 7 });
    expect(JSON.parse(await run(read))).toEqual({ author: "ada", number: 7 });
    expect(await run(consume)).toMatch(/ce-id: note\/7[\s\S]+Acknowledged message/);
    expect(JSON.parse(await run(publish))).toMatchObject({ duplicate: true });
  });
});
