import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(join(packageFolder, "README.md"), "utf8");

/** Returns the code of every block of a language. */
function findBlocks(language: string): string[] {
  const blocks = readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"));
  return Array.from(blocks, ([, code = ""]) => code);
}

/** What the fragments of the README use without declaring it. */
const context = `
import { create, type Registry, toBinary } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import * as all from "@fanfare/bus";
import type { Delivery, EventHandlers, Interceptor } from "@fanfare/bus";
import { NoteEvents, NoteSchema, testBroker } from "@fanfare/bus/testing";
import { createValidation } from "@fanfare/bus/validate";
import { type Note, ShelfEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { openMyBroker, registry, startMyServer } from "../example-context.ts";

const { assertSubscribed, createEvent, createMemoryBus, createPublisher } = all;
const { DependencyUnavailableError, PermanentError } = all;
const { startSubscription } = all;
const bus = createMemoryBus();
const notes = createPublisher(NoteEvents, bus);
`;

const tsconfig = {
  extends: "../../../../tsconfig.json",
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
  files: ["fragments.ts"],
  include: [],
  exclude: [],
};

describe("README.md", () => {
  it("prints what its first program prints", async () => {
    const [first = ""] = findBlocks("ts");
    // The suite's own events stand for the generated code.
    const program = first.replace("./gen/notes/v1/note_events_pb.ts", "@fanfare/bus/testing");
    const { stdout } = await run(
      process.execPath,
      ["--input-type=module-typescript", "--eval", program],
      { cwd: packageFolder },
    );
    expect(stdout).toBe(findBlocks("text")[0]);
  });

  it("has fragments that compile", { timeout: 60_000 }, async () => {
    const [, ...fragments] = findBlocks("ts");
    // One file, as later fragments use what earlier ones declare.
    const code = fragments.join("\n");
    const imports = code.match(/^import .*$/gm) ?? [];
    const program = [...imports, context, code.replace(/^import .*$/gm, "")].join("\n");
    const folder = join(packageFolder, "test/.examples");
    await mkdir(folder, { recursive: true });
    try {
      await writeFile(join(folder, "fragments.ts"), program);
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
      const tsc = join(packageFolder, "../../node_modules/.bin/tsc");
      const { stdout } = await run(tsc, ["-p", folder, "--pretty", "false"]).catch(
        (reason: { stdout: string }) => reason,
      );
      expect(stdout).toBe("");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
