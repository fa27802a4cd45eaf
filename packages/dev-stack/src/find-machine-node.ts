import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, dirname, join, sep } from "node:path";
import { promisify } from "node:util";

const oldest = 20;

/**
 * machineNode gives the folder of the Node that the machine has, if it is 20 or newer: the first on
 * the PATH that no package brought along. Else it is the folder of the Node that runs this.
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
