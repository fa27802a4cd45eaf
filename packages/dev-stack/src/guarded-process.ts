import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { waitUntil } from "./wait-until.ts";

/**
 * The program takes the place of this shell, and so its pid, which is also the id of its process
 * group. A second shell waits in the group for the end of a pipe that only the process that started
 * all this holds: when that process is gone, however it went, the program is asked to stop, and
 * killed with all its group when it does not within 5 s. Its temporary folder goes too.
 */
const guard = `
folder=$1
shift
(
  exec </dev/null >/dev/null 2>&1
  cat <&3
  kill -TERM $$
  tries=0
  while kill -0 $$ && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL $$
  [ -z "$folder" ] || rm -rf "$folder"
  kill -KILL -- -$$
) &
exec "$@" </dev/null 3<&-
`;

export interface GuardedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Removed when the process that started this one is gone. */
  readonly temporaryFolder?: string | undefined;
  /** Where its output goes, appended. */
  readonly logFile: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Exit is how a process ended: a status, or the signal that ended it. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** GuardedProcess is a running program that does not outlive the process that started it. */
export interface GuardedProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Set once it has ended. */
  readonly exit: Exit | undefined;
  readonly exited: Promise<Exit>;
  /** The last lines of what it has said, 20 unless told. */
  output(lines?: number): string;
  /** Sends a signal to the program; SIGKILL goes to all of its group. */
  signal(name: NodeJS.Signals): void;
  /** Asks it to end (SIGTERM, unless told), kills it past the deadline (5 s). */
  stop(options?: { signal?: NodeJS.Signals; timeoutMs?: number }): Promise<Exit>;
}

/**
 * startGuarded starts a program in a process group of its own, which a Ctrl-C at the terminal does
 * not reach, and which ends with this process. Rejects when the program cannot be started.
 */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const log = openSync(options.logFile, "a", 0o644);
  const began = fstatSync(log).size;
  let child: ChildProcess;
  try {
    child = spawn(
      "/bin/sh",
      ["-c", guard, "sh", options.temporaryFolder ?? "", options.command, ...options.args],
      {
        // Not as the standard input, which Node closes before anybody hears of the exit: the second
        // shell would take that for the end of this process.
        stdio: ["ignore", log, log, "pipe"],
        detached: true,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.env === undefined ? {} : { env: options.env }),
        ...(options.uid === undefined ? {} : { uid: options.uid }),
        ...(options.gid === undefined ? {} : { gid: options.gid }),
      },
    );
    await once(child, "spawn");
  } finally {
    closeSync(log);
  }
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.command} has no process id`);
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (status, signal) => {
      exit = { status, signal };
      killGroup(pid);
      child.stdio[3]?.destroy();
      resolve(exit);
    });
  });
  child.stdio[3]?.on("error", () => {});
  const signal = (name: NodeJS.Signals): void => {
    if (exit !== undefined) return;
    if (name === "SIGKILL") killGroup(pid);
    else child.kill(name);
  };
  return {
    pid,
    logFile: options.logFile,
    get exit() {
      return exit;
    },
    exited,
    output: (lines) => readTail(options.logFile, { lines, from: began }),
    signal,
    async stop({ signal: name = "SIGTERM", timeoutMs = 5_000 } = {}) {
      signal(name);
      return await waitUntil(() => exit, { what: `the end of process ${pid}`, timeoutMs }).catch(
        () => {
          signal("SIGKILL");
          return exited;
        },
      );
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // nobody is left in the group
  }
}

/** describeExit says in words how a process ended. */
export function describeExit({ status, signal }: Exit): string {
  return signal === null ? `exit status ${status}` : `signal ${signal}`;
}

/**
 * endOf reads the last lines of a file, 20 unless told, from the offset in bytes on; an empty string
 * when there is no such file.
 */
export function readTail(
  file: string,
  { lines = 20, from = 0 }: { lines?: number | undefined; from?: number } = {},
): string {
  let handle: number | undefined;
  try {
    handle = openSync(file, "r");
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(Math.max(size - from, 0), 64 * 1024));
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
