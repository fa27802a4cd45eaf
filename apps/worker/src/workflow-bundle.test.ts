import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findWorkflowBundle } from "./workflow-bundle.ts";

describe("findWorkflowBundle()", () => {
  it("returns the path of an existing bundle", () => {
    const path = fileURLToPath(import.meta.url);
    expect(findWorkflowBundle(path)).toBe(path);
  });

  it("throws with the command to run when the bundle is missing", () => {
    expect(() => findWorkflowBundle("/nowhere/bundle.js")).toThrow(
      'the workflow bundle /nowhere/bundle.js is missing: create it with "pnpm --filter @fanfare/worker build"',
    );
  });
});
