import { describe, expect, it } from "vitest";
import { addCodecKey, parseCodecKeys } from "./codec-keys.ts";

const one = Buffer.alloc(32, 1).toString("base64");
const two = Buffer.alloc(32, 2).toString("base64");
const format = (encryptWith: unknown, keys: unknown) => JSON.stringify({ encryptWith, keys });

describe("parseCodecKeys()", () => {
  it("reads the keys, and the one that encrypts", () => {
    const { encryptWith, byId } = parseCodecKeys(format("b", { a: one, b: two }));
    expect(encryptWith?.id).toBe("b");
    expect(encryptWith?.key).toBe(byId.get("b"));
    expect(byId.get("a")?.export().toString("base64")).toBe(one);
  });

  it("reads keys of which none encrypts", () => {
    expect(parseCodecKeys(format(null, { a: one })).encryptWith).toBeUndefined();
  });

  it.each([
    ["no JSON", `{"keys": "${one}`, "found no JSON object"],
    ["no object", `"${one}"`, "found no JSON object"],
    ["no encryptWith", JSON.stringify({ keys: { a: one } }), "found no encryptWith"],
    ["an encryptWith without its key", format("b", { a: one }), 'found no key "b" in keys'],
    ["no keys", format(null, undefined), "found no keys"],
    ["a list of keys", format("a", [one]), "found no keys"],
    ["a key that is no text", format("a", { a: 7 }), "found no keys"],
    ["a short key", format("a", { a: one.slice(8) }), 'found 26 bytes for the key "a"'],
    ["a key without an id", format("", { "": one }), "found a key without an id"],
  ])("refuses %s with an error that contains no key", (_, text, reason) => {
    expect(() => parseCodecKeys(text)).toThrow(reason);
    expect(() => parseCodecKeys(text)).not.toThrow(one.slice(8, 20));
  });
});

describe("addCodecKey()", () => {
  it("creates a key that encrypts, and keeps the others", () => {
    const first = addCodecKey();
    const second = addCodecKey(first);
    const [before, after] = [parseCodecKeys(first), parseCodecKeys(second)];
    expect(after.encryptWith?.id).not.toBe(before.encryptWith?.id);
    expect(after.byId.size).toBe(2);
    const id = before.encryptWith?.id ?? "";
    expect(after.byId.get(id)?.export()).toEqual(before.encryptWith?.key.export());
  });

  it("adds a key that only decrypts", () => {
    const first = addCodecKey();
    const keys = parseCodecKeys(addCodecKey(first, { activate: false }));
    expect(keys.byId.size).toBe(2);
    expect(keys.encryptWith?.id).toBe(parseCodecKeys(first).encryptWith?.id);
  });
});
