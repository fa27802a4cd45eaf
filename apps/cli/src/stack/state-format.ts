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
  if (entries.length === 0) return await writeFormat(dataFolder);
  const found = await readFormat(dataFolder);
  if (found === stateFormat) return;
  throw new CliError(
    `expected data of format ${stateFormat} in ${dataFolder}, got ${found ?? "an older format"}: ` +
      "remove the data with npm start -- --reset",
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
  const stats = await lstat(dataFolder).catch(() => undefined);
  if (stats?.isSymbolicLink()) {
    throw new CliError(
      `expected a folder at ${dataFolder}, got a link to another one: remove the link or the data yourself`,
    );
  }
  const paths = (await listData(dataFolder)).map((name) => join(dataFolder, name));
  for (const path of paths) onRemove(path);
  for (const path of paths) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  return paths;
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

/** Marks the data in a folder with the current format, after all other data is there. */
export async function writeFormat(dataFolder: string): Promise<void> {
  const file = join(dataFolder, formatFile);
  await mkdir(dataFolder, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify({ format: stateFormat })}\n`);
  await rename(`${file}.new`, file);
}
