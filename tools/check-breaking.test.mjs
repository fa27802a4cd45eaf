import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { findBreakingChanges } from "./check-breaking.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "fanfare-protos-"));
afterAll(() => rmSync(copy, { recursive: true }));

it("finds a field whose number changes, and nothing in unchanged protos", () => {
  for (const path of [
    "buf.yaml",
    "proto",
    "third_party",
    "packages/bus/proto",
    "packages/service/proto",
  ]) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  execFileSync("buf", ["build", "-o", "released.binpb"], { cwd: copy });
  expect(findBreakingChanges(copy, "released.binpb")).toBe("");
  const path = join(copy, "proto/trips/v1/trip_events.proto");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace("string rider_id = 2", "string rider_id = 20"));
  expect(findBreakingChanges(copy, "released.binpb")).toContain("TripCompleted");
});
