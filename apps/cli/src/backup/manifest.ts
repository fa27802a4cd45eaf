import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { CliError } from "../cli-error.ts";

/** The format of the folder of a backup. Raise it when a change can no longer read older ones. */
const backupFormat = 1;

const run = promisify(execFile);

const filesAtOnce = 32;

const manifestFile = "manifest.json";

/** The path of a file that is in the folder. */
const inside = /^(?!.*(^|\/)\.\.(\/|$))[^/]/;

const manifestSchema = z.object({
  kind: z.literal("fanfare backup"),
  format: z.literal(backupFormat),
  /** The format of the data that is in the backup. */
  stateFormat: z.number(),
  /** The version of PostgreSQL whose files are in the backup. */
  postgresVersion: z.string(),
  /** The ids of the keys that decrypt the workflows. */
  codecKeys: z.array(z.string()).readonly(),
  /** When the backup began. */
  began: z.iso.datetime(),
  /** The instant whose state the backup has. */
  instant: z.iso.datetime(),
  files: z.record(z.string().regex(inside), z.object({ bytes: z.number(), sha256: z.string() })),
});

type FileDescription = Manifest["files"][string];

/** The description of a backup, which is written last. */
export type Manifest = z.infer<typeof manifestSchema>;

/** What a backup states of itself, beside its files. */
export type ManifestHead = Omit<Manifest, "kind" | "format" | "files">;

/** The folder of the workflows, which a backup may lack. */
export const temporalFolder = "temporal";

/** Writes the manifest of a folder whose other files are complete, after those are on the disk. */
export async function writeManifest(folder: string, head: ManifestHead): Promise<Manifest> {
  await run("sync");
  const files = await describeFiles(folder, await listFiles(folder));
  const manifest: Manifest = { kind: "fanfare backup", format: backupFormat, ...head, files };
  await writeFile(join(folder, manifestFile), JSON.stringify(manifest), {
    mode: 0o600,
    flush: true,
  });
  return manifest;
}

/**
 * Reads the manifest of a backup and compares every file with it. Rejects when the folder is no backup, was
 * written by another version, or misses a byte.
 */
export async function checkBackup(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const names = Object.keys(manifest.files);
  const found = await describeFiles(folder, names);
  for (const [name, expected] of Object.entries(manifest.files)) {
    const problem = compareFile(found[name], expected);
    if (problem !== undefined) throw damaged(folder, `${problem} in ${name}`);
  }
  return manifest;
}

/** Returns what is wrong with a file. */
function compareFile(
  found: FileDescription | undefined,
  expected: FileDescription,
): string | undefined {
  if (found?.bytes !== expected.bytes) {
    const size = found === undefined ? "no file" : `${found.bytes} bytes`;
    return `expected ${expected.bytes} bytes, found ${size}`;
  }
  if (found.sha256 === expected.sha256) return undefined;
  return `expected the SHA-256 ${expected.sha256}, found ${found.sha256}`;
}

/** Returns whether a backup has the workflows. */
export function hasWorkflows({ files }: Manifest): boolean {
  return Object.keys(files).some((name) => name.startsWith(`${temporalFolder}/`));
}

/** Adds the bytes of all files of a backup. */
export function countBytes({ files }: Manifest): number {
  return Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
}

async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, manifestFile), "utf8").catch(() => undefined);
  if (text === undefined) {
    throw new CliError(
      `expected a backup in ${folder}, found no ${manifestFile}: name a folder that fanfare backup completed`,
    );
  }
  const parsed = parseJson(text);
  const { success, data } = manifestSchema.safeParse(parsed);
  if (success) return data;
  const { data: other } = z.object({ format: z.number() }).safeParse(parsed);
  if (other !== undefined && other.format !== backupFormat) {
    throw new CliError(
      `expected a backup of format ${backupFormat} in ${folder}, found ${other.format}: ` +
        "restore it with the version that wrote it",
    );
  }
  throw damaged(
    folder,
    `expected the description of a backup in ${manifestFile}, found other text`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(folder: string, found: string): CliError {
  return new CliError(`the backup in ${folder} is damaged: ${found}. Restore another copy of it`);
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

/** Describes those of the files that exist. */
async function describeFiles(folder: string, names: readonly string[]): Promise<Manifest["files"]> {
  const files: Manifest["files"] = {};
  for (let first = 0; first < names.length; first += filesAtOnce) {
    await Promise.all(
      names.slice(first, first + filesAtOnce).map(async (name) => {
        const file = await describeFile(join(folder, name)).catch(ignoreMissing);
        if (file !== undefined) files[name] = file;
      }),
    );
  }
  return files;
}

async function describeFile(path: string): Promise<FileDescription> {
  const stream = createReadStream(path, { highWaterMark: 2 ** 20 });
  const hash = createHash("sha256");
  await pipeline(stream, hash);
  return { bytes: stream.bytesRead, sha256: hash.digest("hex") };
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
