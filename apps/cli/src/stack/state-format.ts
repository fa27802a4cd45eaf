import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../cli-error.ts";

/**
 * The format of the data that `npm start` keeps: workflow histories, streams and tables. Raise it when a
 * change can no longer read older data.
 */
export const stateFormat = 1;

const formatFile = "format.json";
/**
 * Everything that a stack writes to its data folder. The number is removed first: data that is removed in
 * part has no number and is refused.
 */
const dataEntries = [formatFile, "temporal", "nats", "postgres"];

/**
 * Checks that the data folder has the current format, and marks an empty one with it. Rejects when the
 * data has another format or no number, and names the command that removes it.
 */
export async function checkStateFormat(dataFolder: string): Promise<void> {
  const entries = await listData(dataFolder);
  if (entries.length === 0) return await writeFormat(dataFolder, stateFormat);
  const found = await readFormat(dataFolder);
  if (found === stateFormat) return;
  const expected = `expected data of format ${stateFormat} in ${dataFolder}`;
  const reset = "remove the data with npm start -- --reset";
  throw new CliError(
    found === undefined
      ? `${expected}, got an older format or an interrupted restore: ` +
          `restore again with --replace, or ${reset}`
      : `${expected}, got ${found}: ${reset}`,
  );
}

/**
 * Removes what a stack keeps in its data folder, after it has reported each path. Keeps everything else in
 * the folder. Returns the removed paths. Rejects when the folder is a symbolic link.
 */
export async function resetState(
  dataFolder: string,
  onRemove: (path: string) => void,
): Promise<readonly string[]> {
  await refuseLink(dataFolder);
  const paths = (await listData(dataFolder)).map((name) => join(dataFolder, name));
  for (const path of paths) onRemove(path);
  for (const path of paths) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  return paths;
}

/**
 * Replaces what a stack keeps in its data folder by what another folder on the same disk contains. When it is
 * interrupted, the data has no number and is refused. Rejects when the data folder is a symbolic link.
 */
export async function replaceState(dataFolder: string, by: string): Promise<void> {
  await refuseLink(dataFolder);
  await writeFormat(dataFolder, undefined);
  for (const name of await listData(dataFolder)) {
    if (name === formatFile) continue;
    await rm(join(dataFolder, name), { recursive: true, force: true, maxRetries: 5 });
  }
  for (const name of await readdir(by)) await rename(join(by, name), join(dataFolder, name));
  await writeFormat(dataFolder, stateFormat);
}

async function refuseLink(dataFolder: string): Promise<void> {
  const stats = await lstat(dataFolder).catch(() => undefined);
  if (!stats?.isSymbolicLink()) return;
  throw new CliError(
    `expected a folder at ${dataFolder}, got a link to another one: remove the link or the data yourself`,
  );
}

/** Returns the names of what a stack keeps in its data folder. */
export async function listData(dataFolder: string): Promise<string[]> {
  const entries = await readdir(dataFolder).catch((): string[] => []);
  return dataEntries.filter((name) => entries.includes(name));
}

async function readFormat(dataFolder: string): Promise<number | undefined> {
  try {
    const { format }: { format?: unknown } = JSON.parse(
      await readFile(join(dataFolder, formatFile), "utf8"),
    );
    return typeof format === "number" ? format : undefined;
  } catch {
    return undefined;
  }
}

async function writeFormat(dataFolder: string, format: number | undefined): Promise<void> {
  const file = join(dataFolder, formatFile);
  await mkdir(dataFolder, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify({ format })}\n`);
  await rename(`${file}.new`, file);
}
