import { statfs } from "node:fs/promises";
import { findCause } from "@fanfare/service";
import { CliError } from "../cli-error.ts";

const advice = "free space, or name a folder on another disk";

/** Rejects when the disk of a folder has less free space than is needed. */
export async function checkSpace(
  folder: string,
  bytes: number,
  readFree: (folder: string) => Promise<number> = readFreeBytes,
): Promise<void> {
  const free = await readFree(folder);
  if (free >= bytes) return;
  throw new CliError(
    `expected ${formatSize(bytes)} free for ${folder}, found ${formatSize(free)}: ${advice}`,
  );
}

/** Returns an error that states that the disk of a folder is full, or the error itself when it is another one. */
export function explainFullDisk(error: unknown, folder: string): unknown {
  const cause = findCause(error, isDiskFull);
  if (cause === undefined) return error;
  return new CliError(
    `expected room in ${folder}, found a full disk (${cause.message}): ${advice}`,
  );
}

/** Formats bytes as megabytes, rounded up. */
export function formatSize(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}

async function readFreeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** A full disk, a quota, the largest file that is permitted, and SQLite's word for all of them. */
const fullCodes: readonly unknown[] = ["ENOSPC", "EDQUOT", "EFBIG"];
const sqliteFull = 13;

function isDiskFull(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if ("errcode" in error && error.errcode === sqliteFull) return true;
  return "code" in error && fullCodes.includes(error.code);
}
