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

export interface DownloadOptions {
  /** Where the archives come from instead of the release. */
  readonly folderUrl?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * downloadProgram fetches the pinned release into an empty folder and gives the program's file. The
 * archive's SHA-256 has to be the one in the checksum file of the same release, fetched over HTTPS:
 * that finds a broken download, not a release that was tampered with.
 */
export async function downloadProgram(
  program: Program,
  folder: string,
  { folderUrl = program.release.folderUrl, signal }: DownloadOptions = {},
): Promise<string> {
  const arch = architectures[process.arch];
  if (arch === undefined || !["linux", "darwin"].includes(process.platform)) {
    throw new Error(`there is no release for ${process.platform} on ${process.arch}`);
  }
  const name = program.release.archive(process.platform, arch);
  // short: where downloads are closed, this is what has to fail before the program is built instead
  const checksumsUrl = `${folderUrl}/${program.release.checksums}`;
  const checksums = await get(checksumsUrl, { timeoutMs: 8_000, signal });
  const expected = findChecksum(name, await checksums.text());
  if (expected === undefined) throw new Error(`the release's checksums do not name ${name}`);
  const { body } = await get(`${folderUrl}/${name}`, { timeoutMs: 10 * 60_000, signal });
  if (body === null) throw new Error(`${name} came without contents`);
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
    throw new Error(`${name} has the SHA-256 ${actual}, the release says ${expected}`);
  }
  await run("tar", ["-xzf", archive, "-C", folder]);
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const file = files.find((entry) => entry.isFile() && entry.name === program.name);
  if (file === undefined) throw new Error(`${name} does not contain ${program.name}`);
  return join(file.parentPath, file.name);
}

async function get(
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
