import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where `build` writes the bundle of the workflow code, and where the worker reads it. */
export const workflowBundlePath = fileURLToPath(
  new URL("../dist/workflow-bundle.js", import.meta.url),
);

/** findWorkflowBundle returns the path of the bundle; it throws, saying what to run, when there is none. */
export function findWorkflowBundle(path: string = workflowBundlePath): string {
  if (existsSync(path)) return path;
  throw new Error(
    `the workflow bundle ${path} is missing: make it with "pnpm --filter @fanfare/worker build"`,
  );
}
