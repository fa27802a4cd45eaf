import { access, readFile } from "node:fs/promises";
import { isPortFree, isRunning, waitUntil } from "@fanfare/dev-stack";
import { CliError } from "../cli-error.ts";
import { readStack } from "./running-stack.ts";

/** Options of {@link awaitPredecessor}. */
export interface PredecessorOptions {
  readonly ports: readonly number[];
  /** The file that a stack holds from its start to the end of its stop. */
  readonly lockFile: string;
  /** The file with the process id of PostgreSQL, which frees its port before its data. */
  readonly postgresPidFile: string;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

const stopTimeoutMs = 20_000;

/**
 * Waits until an earlier stack of this checkout, which was killed or is stopping, has released its ports
 * and data: its processes end within seconds of it. Resolves at once when there was none, and when they are
 * still in use after 20 s. Rejects when the stack is running.
 */
export async function awaitPredecessor(options: PredecessorOptions): Promise<void> {
  const { ports, lockFile, postgresPidFile, report, signal } = options;
  const stack = await readStack();
  if (stack !== undefined && isRunning(stack.pid)) {
    throw new CliError(
      `expected no running stack of this checkout, found process ${stack.pid}: ` +
        "stop it with Ctrl-C, or set FANFARE_STATE to another folder",
    );
  }
  if (stack === undefined && !(await exists(lockFile))) return;
  const isReleased = async () =>
    !(await isPidRunning(postgresPidFile)) &&
    (await Promise.all(ports.map(isPortFree))).every(Boolean);
  if (await isReleased()) return;
  report("Waiting for the processes of an earlier stack to end");
  await waitUntil(isReleased, {
    what: "the ports and the data of an earlier stack",
    intervalMs: 100,
    timeoutMs: stopTimeoutMs,
    signal,
  }).catch(() => signal.throwIfAborted());
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** Returns whether the process runs whose id the first line of a file has. */
async function isPidRunning(file: string): Promise<boolean> {
  const [line = ""] = (await readFile(file, "utf8").catch(() => "")).split("\n");
  const pid = Number(line);
  return pid > 0 && isRunning(pid);
}
