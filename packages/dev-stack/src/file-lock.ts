import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { waitUntil } from "./wait-until.ts";

/** Options of {@link withLock}. */
export interface LockOptions {
  /** How long to wait for the lock, in milliseconds. Default: 20 minutes. */
  readonly timeoutMs?: number;
  /** What the lock protects, for the error. Default: the path of the lock. */
  readonly what?: string;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while no other process holds the lock, which is a file with the holder's process id. Takes
 * over a lock whose holder is gone. Rejects when the lock is not free within the timeout, and at once when
 * its folder cannot be written.
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  { timeoutMs = 20 * 60_000, what, signal }: LockOptions = {},
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const lock = what ?? `the lock ${file} (remove it if no process holds it)`;
  const { error } = await waitUntil(() => acquire(file), {
    what: lock,
    intervalMs: 200,
    timeoutMs,
    signal,
  });
  if (error !== undefined) throw error;
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Returns false while another process holds the lock, and the error when no lock can be created. */
async function acquire(file: string): Promise<{ readonly error?: Error } | false> {
  try {
    await using created = await open(file, "wx");
    try {
      await created.writeFile(String(process.pid));
    } catch (error) {
      // A full disk takes the file and not its text. An empty lock would never be free.
      await rm(file, { force: true });
      throw error;
    }
    return {};
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code !== "EEXIST") return { error };
    const holder = await readFile(file, "utf8").catch(() => "");
    if (holder === "" || isRunning(Number(holder))) return false;
    await removeStaleLock(file, holder);
    return await acquire(file);
  }
}

/** Removes the lock of a holder that is gone, and restores a lock that was taken in the meantime. */
async function removeStaleLock(file: string, holder: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await rename(file, aside);
  if ((await readFile(aside, "utf8")) === holder) await rm(aside);
  else await rename(aside, file);
}

/** Returns whether a process with this id exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
