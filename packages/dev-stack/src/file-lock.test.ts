import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "./file-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("withLock()", () => {
  it("runs one holder at a time, and removes the lock", async () => {
    let [inside, most] = [0, 0];
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    };
    const file = join(folder, "lock");
    await Promise.all([1, 2, 3].map(() => withLock(file, work)));
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes over the lock of a process that is gone", async () => {
    const file = join(folder, "lock");
    await writeFile(file, "999999999");
    expect(await withLock(file, async () => "worked", { timeoutMs: 0 })).toBe("worked");
  });

  it("rejects at once when the lock cannot be created", async () => {
    const file = join(folder, "x".repeat(300));
    await expect(withLock(file, async () => "worked")).rejects.toThrow("ENAMETOOLONG");
  });

  it("leaves no lock when the disk is full", async () => {
    const file = join(folder, "lock");
    const module = new URL("file-lock.ts", import.meta.url).href;
    const script = `import { withLock } from "${module}";
      await withLock(process.argv[1], async () => {}).catch(({ code }) => console.log(code));`;
    const shell = 'ulimit -f 0; exec "$0" --input-type=module -e "$1" "$2"';
    const args = ["-c", shell, process.execPath, script, file];
    const { stdout } = await promisify(execFile)("sh", args);
    expect(stdout).toBe("EFBIG\n");
    expect(await readdir(folder)).toEqual([]);
  });

  it("stops waiting when its signal aborts", async () => {
    const file = join(folder, "lock");
    await writeFile(file, String(process.pid));
    const signal = AbortSignal.timeout(20);
    await expect(withLock(file, async () => "worked", { signal })).rejects.toThrow("aborted");
    expect(await readdir(folder)).toEqual(["lock"]);
  });

  it("rejects after its timeout while another process holds the lock", async () => {
    const file = join(folder, "lock");
    await writeFile(file, String(process.pid));
    await expect(withLock(file, async () => "worked", { timeoutMs: 50 })).rejects.toThrow(
      /the lock .* \(remove it if no process holds it\)/,
    );
  });
});
