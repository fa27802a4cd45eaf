import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { waitUntil } from "./wait-until.ts";

export interface LockOptions {
  /** How long to wait for the lock, in milliseconds; 20 minutes unless told. */
  readonly timeoutMs?: number;
  /** What the lock stands for, for the error. */
  readonly what?: string;
}

/**
 * withLock runs `work` while no other process holds the lock, a file with the holder's process id. A
 * lock whose holder is gone is taken over. Rejects when it is not free within the deadline.
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  { timeoutMs = 20 * 60_000, what }: LockOptions = {},
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const lock = what ?? `the lock ${file} (remove it if nothing holds it)`;
  await waitUntil(() => acquire(file), { what: lock, intervalMs: 200, timeoutMs });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    const holder = await readFile(file, "utf8").catch(() => "");
    if (holder === "" || isRunning(Number(holder))) return false;
    await removeStaleLock(file, holder);
    return await acquire(file);
  }
}

/** discard removes a lock by its holder, and puts back one that somebody else took meanwhile. */
async function removeStaleLock(file: string, holder: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await rename(file, aside);
  if ((await readFile(aside, "utf8")) === holder) await rm(aside);
  else await rename(aside, file);
}

/** isRunning tells whether there is a process with this id. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
