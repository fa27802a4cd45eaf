import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "@fanfare/dev-stack";
import { describe, expect, it } from "vitest";
import { followLogs } from "./follow-logs.ts";

describe("followLogs()", () => {
  it("reports whole lines with the name of their file, also for files that appear later", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    const lines: string[] = [];
    try {
      using following = new DisposableStack();
      following.use(followLogs(folder, (name, line) => lines.push(`${name}: ${line}`)));
      await appendFile(join(folder, "trips.log"), "one\ntw");
      await waitUntil(() => lines.length === 1, { what: "the first line" });
      await appendFile(join(folder, "trips.log"), "o ü\n");
      await waitUntil(() => lines.length === 2, { what: "the second line" });
      await appendFile(join(folder, "audit.log"), "last\n");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    expect(lines.slice(0, 2)).toEqual(["trips: one", "trips: two ü"]);
  });
});
