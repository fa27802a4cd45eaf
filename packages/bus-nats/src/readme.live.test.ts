import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Nats } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOwnNats } from "../test/nats-server.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

describe("the README", { timeout: 60_000 }, () => {
  let nats: Nats;
  let snippets: string[];
  beforeAll(async () => {
    nats = await startOwnNats();
    const text = await readFile(`${folder}README.md`, "utf8");
    snippets = Array.from(text.matchAll(/```ts\n(.*?)```/gs), ([, code = ""]) => code);
  }, 120_000);
  afterAll(() => nats?.stop());

  /** Runs a snippet in the folder of the package. Returns the lines that it prints, sorted. */
  async function runSnippet(snippet: number): Promise<string[]> {
    const args = ["--input-type=module-typescript", "--eval", snippets[snippet] ?? ""];
    const env = { ...process.env, NATS_URL: nats.url };
    const run = promisify(execFile)(process.execPath, args, { cwd: folder, env, timeout: 30_000 });
    return (await run).stdout.trim().split("\n").toSorted();
  }

  it("publishes an event to a group", async () => {
    expect(await runSnippet(0)).toEqual(["readers got note/1 by Ada", "stored"]);
  });

  it("provisions a topic", async () => {
    expect(await runSnippet(1)).toEqual(["fanfare_trips_completed create"]);
  });

  it("provisions a group and plans the permissions of its process", async () => {
    expect(await runSnippet(2)).toEqual(["_INBOX_revenue.>"]);
  });
});
