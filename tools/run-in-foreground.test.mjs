import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const long = { timeout: 30_000 };

/** Replaces tools/run.mjs: runs a program that writes a file when it runs and when it stops. */
const run = `
import { runInForeground } from "./run-in-foreground.mjs";
process.exitCode = await runInForeground(process.execPath, [import.meta.dirname + "/program.mjs"], {});
`;
const program = `
import { writeFileSync } from "node:fs";
const write = (word, text) => writeFileSync(import.meta.dirname + "/" + word, text);
process.on("SIGTERM", () => {
  write("stopped", "");
  process.exit(7);
});
setInterval(() => {}, 1_000);
write("running", String(process.pid));
`;

let folder;
let pid;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fanfare-run-in-foreground-"));
  await mkdir(join(folder, "tools"));
  const { scripts } = JSON.parse(await readFile(new URL("../package.json", import.meta.url)));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", scripts }));
  await copyFile(
    new URL("run-in-foreground.mjs", import.meta.url),
    join(folder, "tools", "run-in-foreground.mjs"),
  );
  await writeFile(join(folder, "tools", "run.mjs"), run);
  await writeFile(join(folder, "tools", "program.mjs"), program);
});
afterEach(async () => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has exited, as expected.
  }
  await rm(folder, { recursive: true, force: true });
});

const readWritten = (word) => vi.waitFor(() => readFile(join(folder, "tools", word), "utf8"), long);

/** Runs `npm start`, and resolves once the program runs. */
async function startWithNpm() {
  const npm = spawn("npm", ["start"], { cwd: folder, stdio: "ignore" });
  const exited = once(npm, "exit");
  pid = Number(
    await vi.waitFor(async () => (await readWritten("running")) || Promise.reject(), long),
  );
  return { npm, exited };
}

describe("npm start", () => {
  it("waits after SIGTERM until the program has stopped", async () => {
    const { npm, exited } = await startWithNpm();
    npm.kill("SIGTERM");
    await exited;
    expect(await readFile(join(folder, "tools", "stopped"), "utf8")).toBe("");
  });

  it("stops the program when npm is killed", async () => {
    const { npm, exited } = await startWithNpm();
    npm.kill("SIGKILL");
    await exited;
    expect(await readWritten("stopped")).toBe("");
  });
});
