import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const script = fileURLToPath(new URL("../test/print-lines.ts", import.meta.url));

it("prints all of its output also when the reader is slow", async () => {
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"] });
  await once(child.stderr, "data");
  const lines = (await text(child.stdout)).trimEnd().split("\n");
  expect(lines).toHaveLength(20_000);
});
