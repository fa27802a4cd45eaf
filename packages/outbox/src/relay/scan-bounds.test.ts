import { describe, expect, it } from "vitest";
import { createScanBounds } from "./scan-bounds.ts";
import type { ScanResult } from "./scan-outbox.ts";

const one = { topic: "notes.written", partition: 1 };
const two = { topic: "notes.written", partition: 2 };

function createResult(last: string, overrides: Partial<ScanResult> = {}): ScanResult {
  return { server: "a", last, writers: [], waiting: [], ...overrides };
}

describe("createScanBounds()", () => {
  it("begins after what was written when an earlier scan ended, where a later one finds nothing", () => {
    const bounds = createScanBounds();
    bounds.recordScan(bounds.plan([one, two]), createResult("7", { writers: ["100"] }));
    expect(bounds.plan([one]).partitions).toEqual([{ ...one, after: "0" }]);
    bounds.recordScan(bounds.plan([one, two]), createResult("9", { waiting: [two] }));
    const { partitions, writers } = bounds.plan([one, two]);
    expect(partitions).toEqual([
      { ...one, after: "7" },
      { ...two, after: "0" },
    ]);
    expect(writers).toEqual(["100"]);
  });

  it("replaces a bound by a higher one only", () => {
    const bounds = createScanBounds();
    bounds.raise(one, { last: "9", writers: ["100"] });
    bounds.raise(one, { last: "8", writers: ["99"] });
    expect(bounds.plan([one])).toMatchObject({ partitions: [{ after: "9" }], writers: ["100"] });
    bounds.raise(one, { last: "9", writers: [] });
    expect(bounds.plan([one]).writers).toEqual([]);
  });

  it("begins at the first position without the last one, and with too many writers", () => {
    const bounds = createScanBounds();
    bounds.raise(one, { last: null, writers: [] });
    bounds.raise(one, { last: "9", writers: Array.from({ length: 51 }, (_, id) => String(id)) });
    expect(bounds.plan([one]).partitions).toEqual([{ ...one, after: "0" }]);
  });

  it.each([
    ["has restarted", createResult("9", { server: "b" })],
    ["has lost positions", createResult("3")],
  ])("begins at the first position when the server %s", (_, result) => {
    const bounds = createScanBounds();
    bounds.recordScan(bounds.plan([one]), createResult("5"));
    bounds.recordScan(bounds.plan([one]), createResult("7"));
    expect(bounds.plan([one]).partitions).toEqual([{ ...one, after: "5" }]);
    bounds.recordScan(bounds.plan([one]), result);
    expect(bounds.plan([one]).partitions).toEqual([{ ...one, after: "0" }]);
  });
});
