import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const room = new URL("..", import.meta.url);
const readme = await readFile(new URL("README.md", room), "utf8");

/** The first block of a language, from its fence to the next. */
function block(language: string): string {
  const found = readme.match(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms"))?.[1];
  if (found === undefined) throw new Error(`README.md has no ${language} block`);
  return found;
}

describe("README.md", () => {
  it("prints what it says it prints", async () => {
    // The suite's own proto has the event of the README.
    const program = block("ts").replace("./gen/notes/v1/note_events_pb.ts", "@fanfare/bus/testing");
    const { stdout } = await run(
      process.execPath,
      ["--input-type=module-typescript", "--eval", program],
      { cwd: room },
    );
    expect(stdout).toBe(block("text"));
  });
});
