import { defaultPayloadConverter, type Payload } from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { addCodecKey, type CodecKeys, parseCodecKeys } from "./codec-keys.ts";
import { createPayloadCodec } from "./payload-codec.ts";

const file = addCodecKey();
const keys = parseCodecKeys(file);
const codec = createPayloadCodec(() => keys);
const value = { riderId: "rider-1", paymentMethod: "pm_card_visa" };
const plain = defaultPayloadConverter.toPayload(value);
const read = (payload: Payload | undefined) =>
  payload && defaultPayloadConverter.fromPayload(payload);

async function encryptOne(): Promise<Payload> {
  const [payload] = await codec.encode([plain]);
  if (payload === undefined) throw new Error("expected a payload");
  return payload;
}

function readMetadata(payload: Payload | undefined): Record<string, string> {
  const fields = Object.entries(payload?.metadata ?? {});
  return Object.fromEntries(fields.map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));
}

function renameKey(to: string, { byId }: CodecKeys): CodecKeys {
  return { byId: new Map([...byId.values()].map((key) => [to, key])) };
}

describe("createPayloadCodec()", () => {
  it("decrypts what it encrypted, with its metadata", async () => {
    const [decoded] = await codec.decode(await codec.encode([plain]));
    expect(read(decoded)).toEqual(value);
    expect(readMetadata(decoded)).toEqual({ encoding: "json/plain" });
  });

  it("stores the id of the key and its encoding in plain text, and nothing else", async () => {
    const { data, ...payload } = await encryptOne();
    expect(readMetadata(payload)).toEqual({
      encoding: "binary/encrypted",
      "encryption-key-id": keys.encryptWith?.id,
    });
    expect(Buffer.from(data ?? []).includes("rider-1")).toBe(false);
    expect(Buffer.from(data ?? []).includes("json/plain")).toBe(false);
  });

  it("encrypts equal payloads differently", async () => {
    expect((await encryptOne()).data).not.toEqual((await encryptOne()).data);
  });

  it("decodes plain payloads as they are, beside encrypted ones", async () => {
    const decoded = await codec.decode([plain, await encryptOne()]);
    expect(decoded[0]).toBe(plain);
    expect(decoded.map(read)).toEqual([value, value]);
  });

  it("decrypts after a rotation, and encrypts with the new key", async () => {
    let current = keys;
    const rotating = createPayloadCodec(() => current);
    const before = await rotating.encode([plain]);
    current = parseCodecKeys(addCodecKey(file));
    const [after] = await rotating.encode([plain]);
    expect((await rotating.decode(before)).map(read)).toEqual([value]);
    const { "encryption-key-id": id } = readMetadata(after);
    expect(id).toBe(current.encryptWith?.id);
    expect(id).not.toBe(keys.encryptWith?.id);
  });

  it("leaves payloads plain while no key encrypts, and decrypts", async () => {
    const decryptOnly = createPayloadCodec(() => ({ byId: keys.byId }));
    expect(await decryptOnly.encode([plain])).toEqual([plain]);
    expect((await decryptOnly.decode([await encryptOne()])).map(read)).toEqual([value]);
  });

  it.each([
    ["no keys", undefined, "found no keys"],
    ["another key", parseCodecKeys(addCodecKey()), "found only"],
  ])("refuses an encrypted payload with %s, and names the missing key", async (_, known, found) => {
    const other = createPayloadCodec(() => known);
    const error = await other.decode([await encryptOne()]).catch((reason: unknown) => reason);
    expect(String(error)).toContain(`expected the key "${keys.encryptWith?.id}"`);
    expect(String(error)).toContain(found);
  });

  it("refuses a payload whose key has other bytes under the same id", async () => {
    const id = keys.encryptWith?.id ?? "";
    const wrong = renameKey(id, parseCodecKeys(addCodecKey()));
    const decoding = createPayloadCodec(() => wrong).decode([await encryptOne()]);
    await expect(decoding).rejects.toThrow(`expected a payload that the key "${id}" decrypts`);
  });

  it("refuses a payload whose key id was changed", async () => {
    const payload = await encryptOne();
    const metadata = { ...payload.metadata, "encryption-key-id": Buffer.from("other") };
    const moved = { ...payload, metadata };
    const both = createPayloadCodec(() => renameKey("other", keys));
    await expect(both.decode([moved])).rejects.toThrow('that the key "other" decrypts');
  });

  it.each([
    ["a changed byte", (data: Uint8Array) => data.with(20, (data[20] ?? 0) ^ 1)],
    ["a missing byte", (data: Uint8Array) => data.subarray(1)],
    ["no room for a tag", (data: Uint8Array) => data.subarray(0, 14)],
    ["no data", () => new Uint8Array()],
  ])("refuses a payload with %s", async (_, change) => {
    const payload = await encryptOne();
    const changed = { ...payload, data: change(new Uint8Array(payload.data ?? [])) };
    await expect(codec.decode([changed])).rejects.toThrow("expected a payload that the key");
  });
});
