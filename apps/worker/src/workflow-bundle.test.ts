import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findWorkflowBundle } from "./workflow-bundle.ts";

describe("findWorkflowBundle()", () => {
  it("returns the path of a bundle that is there", () => {
    const path = fileURLToPath(import.meta.url);
    expect(findWorkflowBundle(path)).toBe(path);
  });

  it("says what to run when there is none", () => {
    expect(() => findWorkflowBundle("/nowhere/bundle.js")).toThrow(
      'the workflow bundle /nowhere/bundle.js is missing: make it with "pnpm --filter @fanfare/worker build"',
    );
  });
});
