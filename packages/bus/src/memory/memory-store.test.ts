import { describe, expect, it } from "vitest";
import { createMemoryStore } from "./memory-store.ts";

const record = (bytes: number) => ({
  topic: "notes.read",
  id: `${bytes} bytes`,
  partition: 0,
  headers: { "ce-id": "one" },
  data: new Uint8Array(bytes),
});

describe("createMemoryStore()", () => {
  it("counts payload and headers towards the size limit", () => {
    // "ce-id: one\r\n" has 12 bytes.
    const store = createMemoryStore({ maxRecordBytes: 100 });
    expect(store.append(record(88))).toEqual({ duplicate: false, sequence: 1 });
    expect(() => store.append(record(89))).toThrow(
      "expected an event of at most 100 bytes, got 89 bytes with 101",
    );
  });
});
