import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkBackup, countBytes, writeManifest } from "./manifest.ts";

const head = {
  stateFormat: 1,
  postgresVersion: "18.4",
  codecKeys: ["1a2b3c4d"],
  began: "2026-01-01T10:00:00.000Z",
  instant: "2026-01-01T10:00:01.000Z",
};
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "manifest-"));
  await writeFile(join(folder, "one"), "12345");
  await writeManifest(folder, head);
});
afterEach(() => rm(folder, { recursive: true }));

const changeManifest = async (change: (text: string) => string) => {
  const file = join(folder, "manifest.json");
  await writeFile(file, change(await readFile(file, "utf8")));
};

describe("checkBackup()", () => {
  it("accepts a complete backup", async () => {
    const manifest = await checkBackup(folder);
    expect(manifest).toMatchObject(head);
    expect(countBytes(manifest)).toBe(5);
  });

  it("refuses a folder that is no backup", async () => {
    await rm(join(folder, "manifest.json"));
    await expect(checkBackup(folder)).rejects.toThrow(/expected a backup in .*found no manifest/);
  });

  it("refuses a file that is truncated", async () => {
    await truncate(join(folder, "one"), 4);
    await expect(checkBackup(folder)).rejects.toThrow("expected 5 bytes, found 4 bytes in one");
  });

  it("refuses a file that is missing", async () => {
    await rm(join(folder, "one"));
    await expect(checkBackup(folder)).rejects.toThrow("expected 5 bytes, found no file in one");
  });

  it("refuses a file with another content of the same length", async () => {
    await writeFile(join(folder, "one"), "12346");
    await expect(checkBackup(folder)).rejects.toThrow(/damaged: expected the SHA-256 /);
  });

  it("refuses a manifest that is truncated", async () => {
    await changeManifest((text) => text.slice(0, 40));
    await expect(checkBackup(folder)).rejects.toThrow(/damaged: expected the description/);
  });

  it("refuses a backup of another format", async () => {
    await changeManifest((text) => text.replace('"format":1', '"format":2'));
    await expect(checkBackup(folder)).rejects.toThrow(
      /format 1 .*found 2: .*version that wrote it/,
    );
  });

  it("refuses a name that leads out of the folder", async () => {
    await changeManifest((text) => text.replace('"one"', '"../one"'));
    await expect(checkBackup(folder)).rejects.toThrow(/damaged: expected the description/);
  });
});
