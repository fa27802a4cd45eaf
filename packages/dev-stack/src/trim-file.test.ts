import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { trimFile } from "./trim-file.ts";

it("cuts a file that is too large to its last whole lines, and leaves any other", () => {
  const folder = mkdtempSync(join(tmpdir(), "fanfare-test-"));
  const file = join(folder, "trips.log");
  const bounds = { maxBytes: 12, keptBytes: 8 };
  try {
    trimFile(file, bounds);
    writeFileSync(file, "one\ntwo\nthr\n");
    trimFile(file, bounds);
    expect(readFileSync(file, "utf8")).toBe("one\ntwo\nthr\n");
    writeFileSync(file, "one\ntwo\nthree\nfour\n");
    trimFile(file, bounds);
    expect(readFileSync(file, "utf8")).toBe("four\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
