import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const long = { timeout: 30_000 };

/** In the place of tools/run.mjs: it passes on to a program that says when it runs and when it stops. */
const run = `
import { passOn } from "./pass-on.mjs";
process.exitCode = await passOn(process.execPath, [import.meta.dirname + "/program.mjs"], {});
`;
const program = `
import { writeFileSync } from "node:fs";
const say = (word, text) => writeFileSync(import.meta.dirname + "/" + word, text);
process.on("SIGTERM", () => {
  say("stopped", "");
  process.exit(7);
});
setInterval(() => {}, 1_000);
say("running", String(process.pid));
`;

let folder;
let pid;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fanfare-pass-on-"));
  await mkdir(join(folder, "tools"));
  const { scripts } = JSON.parse(await readFile(new URL("../package.json", import.meta.url)));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", scripts }));
  await copyFile(new URL("pass-on.mjs", import.meta.url), join(folder, "tools", "pass-on.mjs"));
  await writeFile(join(folder, "tools", "run.mjs"), run);
  await writeFile(join(folder, "tools", "program.mjs"), program);
});
afterEach(async () => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended, as it should
  }
  await rm(folder, { recursive: true, force: true });
});

const said = (word) => vi.waitFor(() => readFile(join(folder, "tools", word), "utf8"), long);

/** started is `npm start`, once the program runs. */
async function started() {
  const npm = spawn("npm", ["start"], { cwd: folder, stdio: "ignore" });
  const exited = once(npm, "exit");
  pid = Number(await vi.waitFor(async () => (await said("running")) || Promise.reject(), long));
  return { npm, exited };
}

describe("npm start", () => {
  it("that is asked to end waits until what it started has stopped", async () => {
    const { npm, exited } = await started();
    npm.kill("SIGTERM");
    await exited;
    expect(await readFile(join(folder, "tools", "stopped"), "utf8")).toBe("");
  });

  it("that is killed lets what it started stop", async () => {
    const { npm, exited } = await started();
    npm.kill("SIGKILL");
    await exited;
    expect(await said("stopped")).toBe("");
  });
});
