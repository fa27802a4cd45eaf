import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The path to which `build` writes the bundle of the workflow code, and from which the worker reads it. */
export const workflowBundlePath = fileURLToPath(
  new URL("../dist/workflow-bundle.js", import.meta.url),
);

/** Returns the path of the bundle. Throws when it is missing. */
export function findWorkflowBundle(path: string = workflowBundlePath): string {
  if (existsSync(path)) return path;
  throw new Error(
    `the workflow bundle ${path} is missing: create it with "pnpm --filter @fanfare/worker build"`,
  );
}
