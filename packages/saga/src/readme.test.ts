import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8");

it("shows the workflow that the live tests run", async () => {
  const [, snippet] = /```ts\n\/\/ workflow\.ts\n([^]*?)```/.exec(await read("../README.md")) ?? [];
  expect(snippet).toBe(await read("../test/concert-workflow.ts"));
});
