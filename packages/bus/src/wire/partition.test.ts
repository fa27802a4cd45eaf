import { describe, expect, it } from "vitest";
import { partitionOf } from "./partition.ts";

describe("partitionOf()", () => {
  it("is FNV-1a modulo 64", () => {
    // The published vectors: "a" is e40c292c, "foobar" is bf9cf968.
    expect(partitionOf("a")).toBe(0xe40c292c % 64);
    expect(partitionOf("foobar")).toBe(0xbf9cf968 % 64);
  });

  it("counts UTF-8 bytes, not characters", () => {
    expect(partitionOf("é")).toBe(0x1e9de8c1 % 64);
  });

  it("is 0 without a key", () => {
    expect(partitionOf(undefined)).toBe(0);
  });
});
