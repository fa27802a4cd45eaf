import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connectConformance, findProgram, provideProgram } from "@fanfare/dev-stack";
import { describe, expect, it } from "vitest";

const runner =
  process.env.FANFARE_PROTOCOLS === "long"
    ? await provideProgram(connectConformance)
    : await findProgram(connectConformance);

async function runSuite(mode: "client" | "server"): Promise<string> {
  const cwd = fileURLToPath(new URL("../test/conformance", import.meta.url));
  const args = ["--mode", mode, "--conf", `${mode}.yaml`, "--", process.execPath, `${mode}.ts`];
  const run = promisify(execFile)(runner ?? "", args, { cwd, timeout: 300_000 });
  // The runner fails when a case does.
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  return stdout + stderr;
}

describe.skipIf(runner === undefined)("the Connect conformance suite", () => {
  it("passes against serve()", { timeout: 300_000 }, async () => {
    expect(await runSuite("server")).toContain("2718 passed, 0 failed");
  });
});
