import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addCodecKey, parseCodecKeys } from "@fanfare/saga/codec";
import { loadConfig } from "@fanfare/service";
import { expect, it, vi } from "vitest";
import { payloadVariables } from "./payloads.ts";

const load = (env: Record<string, string>) =>
  loadConfig({ name: "worker", about: "", variables: payloadVariables }, { env, argv: [] });

it("reads the keys again when their file changes, and keeps them while it is invalid", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fanfare-keys-"));
  const file = join(folder, "codec-keys.json");
  const first = addCodecKey();
  await writeFile(file, first);
  const { codecKeys } = load({ TEMPORAL_CODEC_KEYS_FILE: file });
  expect(codecKeys()).toEqual(parseCodecKeys(first));
  const second = addCodecKey(first);
  await writeFile(file, second);
  expect(codecKeys()).toEqual(parseCodecKeys(second));
  await writeFile(file, second.slice(0, 50));
  expect(codecKeys()).toEqual(parseCodecKeys(second));
  await rm(folder, { recursive: true });
});

it("has no keys without the variable", () => {
  expect(load({}).codecKeys()).toBeUndefined();
});

it("refuses to start with invalid keys, and shows none of them", () => {
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const exit = vi.spyOn(process, "exit").mockImplementation(() => {
    throw new Error("exit");
  });
  const short = Buffer.alloc(24, 7).toString("base64");
  const text = JSON.stringify({ encryptWith: "a", keys: { a: short } });
  expect(() => load({ TEMPORAL_CODEC_KEYS: text })).toThrow("exit");
  const output = written.mock.calls.join();
  expect(output).toContain('found 24 bytes for the key "a"');
  expect(output).not.toContain(short);
  written.mockRestore();
  exit.mockRestore();
});
