import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
