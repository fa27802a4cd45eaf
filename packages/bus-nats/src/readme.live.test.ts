import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Nats } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ownNats } from "../test/nats-server.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

describe("the README", { timeout: 60_000 }, () => {
  let nats: Nats;
  let snippets: string[];
  beforeAll(async () => {
    nats = await ownNats();
    const text = await readFile(`${folder}README.md`, "utf8");
    snippets = Array.from(text.matchAll(/```ts\n(.*?)```/gs), ([, code = ""]) => code);
  }, 120_000);
  afterAll(() => nats?.stop());

  /** Runs a snippet in the package's folder and returns the lines it prints, sorted. */
  async function linesOf(snippet: number): Promise<string[]> {
    const args = ["--input-type=module-typescript", "--eval", snippets[snippet] ?? ""];
    const env = { ...process.env, NATS_URL: nats.url };
    const run = promisify(execFile)(process.execPath, args, { cwd: folder, env, timeout: 30_000 });
    return (await run).stdout.trim().split("\n").toSorted();
  }

  it("carries an event from a publisher to a group", async () => {
    expect(await linesOf(0)).toEqual(["readers got note/1 by Ada", "stored"]);
  });

  it("provisions a topic", async () => {
    expect(await linesOf(1)).toEqual(["fanfare_trips_completed create"]);
  });

  it("provisions a group and says what its process needs", async () => {
    expect(await linesOf(2)).toEqual(["_INBOX_revenue.>"]);
  });
});
