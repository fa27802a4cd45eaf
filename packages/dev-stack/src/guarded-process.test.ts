import { ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isRunning } from "./file-lock.ts";
import { describeExit, readTail, startGuarded } from "./guarded-process.ts";
import { waitUntil } from "./wait-until.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const shell = (script: string) => ({
  command: "/bin/sh",
  args: ["-c", script],
  logFile: join(folder, "log"),
});

describe("startGuarded()", () => {
  it("reports the exit status and the end of the output", async () => {
    const process = await startGuarded(shell("echo one; echo two >&2; exit 3"));
    expect(await process.exited).toEqual({ status: 3, signal: null });
    expect(process.output(1)).toBe("two");
  });

  it("names the signal that ended it", async () => {
    const process = await startGuarded(shell("kill -9 $$"));
    expect(describeExit(await process.exited)).toBe("signal SIGKILL");
  });

  it("lets only its user read its output and the files that it writes", async () => {
    const process = await startGuarded(shell(`echo secret; touch ${join(folder, "file")}`));
    await process.exited;
    const modes = ["log", "file"].map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  it("passes no variable of the shell to a program, apart from those that find files", async () => {
    vi.stubEnv("CLOUD_PASSWORD", "s3cret");
    const env = { GIVEN: "1" };
    const process = await startGuarded({ ...shell('echo "$GIVEN-$PATH"; env'), env });
    await process.exited;
    vi.unstubAllEnvs();
    expect(process.output(100)).toContain(`1-${globalThis.process.env.PATH}`);
    expect(process.output(100)).not.toContain("s3cret");
  });

  it("kills a program that ignores SIGTERM after its timeout", async () => {
    const process = await startGuarded(shell('trap "" TERM; echo up; while :; do sleep 0.1; done'));
    await waitUntil(() => process.output().includes("up"), { what: "its start" });
    expect(await process.stop({ timeoutMs: 200 })).toEqual({ status: null, signal: "SIGKILL" });
  });

  it("leaves no process of its group behind", async () => {
    const process = await startGuarded(shell("sleep 300 & echo $!; wait"));
    const child = Number(
      await waitUntil(() => process.output() || undefined, { what: "the child's pid" }),
    );
    await process.stop();
    const ended = waitUntil(() => !isRunning(child), { what: "the end of the child" });
    await expect(ended).resolves.toBe(true);
  });

  it("keeps its temporary folder when it exits by itself, for another start", async () => {
    const temporaryFolder = join(folder, "temporary");
    await mkdir(temporaryFolder);
    // Blocks the event loop, as on a busy machine.
    const emit = vi.spyOn(ChildProcess.prototype, "emit").mockImplementation(function (
      this: ChildProcess,
      name: string | symbol,
      ...args: unknown[]
    ): boolean {
      if (name === "exit") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      return EventEmitter.prototype.emit.call(this, name, ...args);
    });
    try {
      const process = await startGuarded({ ...shell("sleep 0.2"), temporaryFolder });
      await process.exited;
      expect(emit).toHaveBeenCalledWith("exit", 0, null);
    } finally {
      emit.mockRestore();
    }
    expect(existsSync(temporaryFolder)).toBe(true);
  });

  it("exits, and removes its temporary folder, when its parent process is killed", async () => {
    const temporaryFolder = join(folder, "temporary");
    await mkdir(temporaryFolder);
    const script = `
      import { startGuarded } from ${JSON.stringify(import.meta.resolve("./guarded-process.ts"))};
      const { pid } = await startGuarded(${JSON.stringify({ ...shell("echo up; exec sleep 300"), temporaryFolder })});
      process.stdout.write(String(pid) + "\\n");
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output] = await once(parent.stdout, "data");
    const pid = Number(String(output));
    await waitUntil(() => readTail(join(folder, "log")) === "up", { what: "its start" });
    expect(isRunning(pid)).toBe(true);
    parent.kill("SIGKILL");
    await waitUntil(() => !isRunning(pid), { what: "the end of the program" });
    await waitUntil(() => !existsSync(temporaryFolder), { what: "the end of its folder" });
  });
});
