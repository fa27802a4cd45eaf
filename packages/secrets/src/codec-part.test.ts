import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { codecKeysFile, codecPart, rotateCodecKeys } from "./codec-part.ts";
import { openSecretsFolder, type SecretsFolder } from "./secrets-folder.ts";

let folder: SecretsFolder;
beforeEach(async () => {
  folder = openSecretsFolder(await mkdtemp(join(tmpdir(), "fanfare-test-")));
  await codecPart.create({ folder, settings: {} });
});
afterEach(() => rm(folder.path, { recursive: true, force: true }));

const read = (holder: string) => readFile(folder.locate(holder, codecKeysFile), "utf8");

it("gives trips, the worker and the codec server the same key, and keeps it", async () => {
  const keys = await read("keys");
  expect([await read("trips"), await read("worker")]).toEqual([keys, keys]);
  await codecPart.create({ folder, settings: {} });
  expect(await read("keys")).toBe(keys);
  const { encryptWith, keys: byId } = JSON.parse(keys);
  expect(Buffer.from(byId[encryptWith], "base64")).toHaveLength(32);
});

it("gives a new key to all before one encrypts with it, and keeps the earlier keys", async () => {
  const before = JSON.parse(await read("keys"));
  const steps: string[] = [];
  await rotateCodecKeys({
    folder: {
      ...folder,
      async write(holder, file, text) {
        const { encryptWith, keys } = JSON.parse(text);
        const active = encryptWith === before.encryptWith ? "earlier" : "new";
        steps.push(`${holder}: ${Object.keys(keys).length} keys, the ${active} one encrypts`);
        await folder.write(holder, file, text);
      },
    },
    report: () => {},
  });
  expect(steps).toEqual([
    "keys: 2 keys, the earlier one encrypts",
    "trips: 2 keys, the earlier one encrypts",
    "worker: 2 keys, the earlier one encrypts",
    "keys: 2 keys, the new one encrypts",
    "trips: 2 keys, the new one encrypts",
    "worker: 2 keys, the new one encrypts",
  ]);
  expect(JSON.parse(await read("worker")).keys).toMatchObject(before.keys);
});

it("completes a rotation that was interrupted", async () => {
  const before = JSON.parse(await read("keys"));
  await expect(rotateCodecKeys({ folder, report: interrupt })).rejects.toThrow("interrupted");
  expect(JSON.parse(await read("worker")).encryptWith).toBe(before.encryptWith);
  await rotateCodecKeys({ folder, report: () => {} });
  const after = JSON.parse(await read("worker"));
  expect(after.encryptWith).not.toBe(before.encryptWith);
  expect(after.keys).toMatchObject(before.keys);
  expect(JSON.parse(await read("trips"))).toEqual(after);
});

function interrupt(): never {
  throw new Error("interrupted");
}
