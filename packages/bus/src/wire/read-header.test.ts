import { describe, expect, it } from "vitest";
import { readId } from "./read-header.ts";

describe("readId()", () => {
  it("returns topic and sequence when the record carries no id", () => {
    const record = { topic: "notes.written", headers: {}, data: new Uint8Array(), storedAt: 0 };
    expect(readId({ ...record, sequence: 5 })).toBe("notes.written#5");
  });
});
