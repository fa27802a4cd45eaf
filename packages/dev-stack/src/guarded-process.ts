import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { selectSystemVariables } from "./system-variables.ts";
import { trimFile } from "./trim-file.ts";
import { waitUntil } from "./wait-until.ts";

/**
 * The program replaces this shell and keeps its pid, which is also the id of its process group. A second
 * shell in the group waits for the end of a pipe that only the parent process holds. When the parent
 * exits, for whatever reason, the second shell sends SIGTERM to the program, kills the group after 5 s,
 * and removes the temporary folder. Only its user may read the files that the program writes.
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
umask 077
exec "$@" </dev/null 3<&-
`;

/** Options of {@link startGuarded}. */
export interface GuardedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Variables in addition to PATH, HOME and the like, which are those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** A folder that is removed when the parent process is gone. */
  readonly temporaryFolder?: string | undefined;
  /** The file that its output is appended to. Above 32 MiB, it is cut to its last MiB first. */
  readonly logFile: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** How a process ended: its status, or the signal that ended it. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program that does not outlive its parent process. */
export interface GuardedProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Undefined while it runs. */
  readonly exit: Exit | undefined;
  readonly exited: Promise<Exit>;
  /** Returns the last lines of its output, 20 by default. */
  output(lines?: number): string;
  /** Sends a signal to the program. SIGKILL goes to its whole group. */
  signal(name: NodeJS.Signals): void;
  /** Sends a signal (SIGTERM by default), and kills the group after the timeout (5 s by default). */
  stop(options?: { signal?: NodeJS.Signals; timeoutMs?: number }): Promise<Exit>;
}

/**
 * Starts a program in its own process group, which Ctrl-C in the terminal does not reach and which ends
 * with this process. Rejects when the program cannot be started.
 */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  trimFile(options.logFile);
  const log = openSync(options.logFile, "a", 0o600);
  const began = fstatSync(log).size;
  let child: ChildProcess;
  try {
    child = spawn(
      "/bin/sh",
      ["-c", guard, "sh", options.temporaryFolder ?? "", options.command, ...options.args],
      {
        // Not the standard input: Node closes that before it emits the exit, which the second shell
        // would take for the end of this process.
        stdio: ["ignore", log, log, "pipe"],
        detached: true,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: { ...selectSystemVariables(process.env), ...options.env },
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
    // The group is empty.
  }
}

/** Describes how a process ended, such as "exit status 1" or "signal SIGKILL". */
export function describeExit({ status, signal }: Exit): string {
  return signal === null ? `exit status ${status}` : `signal ${signal}`;
}

/**
 * Returns the last lines of a file, 20 by default, after an offset in bytes. Returns an empty string when
 * the file does not exist.
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
