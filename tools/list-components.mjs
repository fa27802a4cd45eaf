import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The arguments with which pnpm lists what ships: the apps with all that they depend on at run time. */
export const sbomArguments = [
  "--filter=./apps/*",
  "--filter=!@fanfare/e2e",
  "sbom",
  "--sbom-format=cyclonedx",
  "--sbom-type=application",
  "--prod",
  "--no-optional",
];

/** Returns the components of the SBOM, as CycloneDX has them. */
export async function listComponents(pnpm = "pnpm") {
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
  const { stdout } = await promisify(execFile)(pnpm, sbomArguments, options);
  return JSON.parse(stdout).components;
}
