import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, dirname, join, sep } from "node:path";
import { promisify } from "node:util";

const oldest = 20;

/**
 * Returns the folder of the machine's own Node: the first on PATH outside node_modules that is version 20
 * or newer. Without one, returns the folder of the Node that runs this process.
 */
export async function findMachineNode(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folders = (env.PATH ?? "").split(delimiter);
  for (const folder of folders.filter((each) => !each.split(sep).includes("node_modules"))) {
    if ((await readMajorVersion(join(folder, "node"))) >= oldest) return folder;
  }
  return dirname(process.execPath);
}

async function readMajorVersion(node: string): Promise<number> {
  try {
    await access(node, constants.X_OK);
    const { stdout } = await promisify(execFile)(node, ["--version"]);
    return Number(/^v(\d+)\./.exec(stdout)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
