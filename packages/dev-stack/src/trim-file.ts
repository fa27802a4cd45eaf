import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";

const mebibyte = 1024 * 1024;

/** The size above which a file is cut, and what is left of it, in bytes. */
export interface TrimOptions {
  readonly maxBytes?: number;
  readonly keptBytes?: number;
}

/**
 * Cuts a file that is larger than `maxBytes` (32 MiB) to its last `keptBytes` (1 MiB), in place. Leaves any other
 * file as it is, also a missing one.
 */
export function trimFile(
  file: string,
  { maxBytes = 32 * mebibyte, keptBytes = mebibyte }: TrimOptions = {},
): void {
  let handle: number | undefined;
  try {
    handle = openSync(file, "r+");
    const { size } = fstatSync(handle);
    if (size <= maxBytes) return;
    const tail = Buffer.alloc(keptBytes);
    const length = readSync(handle, tail, 0, keptBytes, size - keptBytes);
    // From the first whole line on.
    const start = tail.indexOf("\n") + 1;
    writeSync(handle, tail, start, length - start, 0);
    ftruncateSync(handle, length - start);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
