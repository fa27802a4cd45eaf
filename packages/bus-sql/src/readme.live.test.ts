import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));

describe("README.md", { timeout: 120_000 }, () => {
  let server: Postgres;
  let snippets: string[];
  beforeAll(async () => {
    server = await startPostgres();
    const text = await readFile(`${folder}README.md`, "utf8");
    snippets = Array.from(text.matchAll(/```ts\n(.*?)```/gs), ([, code = ""]) => code);
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);

  it.each([
    ["inbox", "[ { author: 'Ada' } ]"],
    ["outbox", "Ada 0"],
  ])("prints with its %s what it says it prints", async (name, printed) => {
    const snippet = snippets[name === "inbox" ? 0 : 1] ?? "";
    const env = { ...process.env, DATABASE_URL: await server.createDatabase(name) };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module-typescript", "--eval", snippet],
      { cwd: folder, env, timeout: 60_000 },
    );
    expect(stdout.trim()).toBe(printed);
  });
});
