import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { Program } from "./programs.ts";

const run = promisify(execFile);
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Options of {@link downloadProgram}. */
export interface DownloadOptions {
  /** Where to download from. Default: the folder of the release. */
  readonly folderUrl?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads the pinned release into an empty folder, and returns the path of the program. Compares the
 * archive's SHA-256 with the checksum file of the same release: that detects a broken download, not a
 * release that was tampered with. Rejects when the release cannot be reached or the checksum differs.
 */
export async function downloadProgram(
  program: Program,
  folder: string,
  { folderUrl, signal }: DownloadOptions = {},
): Promise<string> {
  const { release } = program;
  if (release === undefined) throw new Error("no .tar.gz of it is published");
  const from = folderUrl ?? release.folderUrl;
  const arch = architectures[process.arch];
  if (arch === undefined || !["linux", "darwin"].includes(process.platform)) {
    throw new Error(`there is no release for ${process.platform} on ${process.arch}`);
  }
  const name = release.archive(process.platform, arch);
  // A short timeout: where downloads are blocked, the program is built once this has failed.
  const checksumsUrl = `${from}/${release.checksums}`;
  const checksums = await fetchOk(checksumsUrl, { timeoutMs: 8_000, signal });
  const expected = findChecksum(name, await checksums.text());
  if (expected === undefined) throw new Error(`${checksumsUrl} does not list ${name}`);
  const { body } = await fetchOk(`${from}/${name}`, { timeoutMs: 10 * 60_000, signal });
  if (body === null) throw new Error(`${from}/${name} has no body`);
  const archive = join(folder, name);
  const hash = createHash("sha256");
  await pipeline(
    Readable.fromWeb(body),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(archive),
  );
  const actual = hash.digest("hex");
  if (actual !== expected) {
    throw new Error(`expected ${name} with the SHA-256 ${expected}, got ${actual}`);
  }
  await run("tar", ["-xzf", archive, "-C", folder]);
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const file = files.find((entry) => entry.isFile() && entry.name === program.name);
  if (file === undefined) throw new Error(`${name} does not contain ${program.name}`);
  return join(file.parentPath, file.name);
}

async function fetchOk(
  url: string,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

function findChecksum(name: string, checksums: string): string | undefined {
  for (const line of checksums.split("\n")) {
    const [checksum, file] = line.trim().split(/\s+\*?/);
    if (file === name) return checksum;
  }
  return undefined;
}
