import { describe, expect, it } from "vitest";
import { computePartition } from "./compute-partition.ts";

describe("computePartition()", () => {
  it("returns the FNV-1a hash modulo 64", () => {
    // Published test vectors: "a" hashes to e40c292c, "foobar" to bf9cf968.
    expect(computePartition("a")).toBe(0xe40c292c % 64);
    expect(computePartition("foobar")).toBe(0xbf9cf968 % 64);
  });

  it("hashes UTF-8 bytes, not characters", () => {
    expect(computePartition("é")).toBe(0x1e9de8c1 % 64);
  });

  it("returns 0 without a key", () => {
    expect(computePartition(undefined)).toBe(0);
  });
});
