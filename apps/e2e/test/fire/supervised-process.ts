import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** A process that is restarted each time it is killed. */
export interface SupervisedProcess {
  readonly name: string;
  /** Rejects when it exits without being killed, with the end of its log. */
  readonly crashed: Promise<never>;
  /** Kills it with SIGKILL. */
  kill(): void;
  /** Makes it kill itself at each of the points in order, and resolves after the last. */
  crashAt(points: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Options of {@link superviseProcess}. */
export interface SupervisedProcessOptions {
  readonly name: string;
  readonly program: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
}

const doom = new URL("doom.ts", import.meta.url).href;
/** Returns the folder of an app. */
export const findAppFolder = (name: string) =>
  fileURLToPath(new URL(`../../../${name}/`, import.meta.url));

/** Starts a program with doom.ts, and restarts it each time it is killed. */
export function superviseProcess(options: SupervisedProcessOptions): SupervisedProcess {
  const { name, program, cwd, env, logFile } = options;
  const crash = Promise.withResolvers<never>();
  crash.promise.catch(() => {});
  let points: readonly string[] = [];
  let died = Promise.withResolvers<void>();
  let stopped = false;
  let child = launch();
  const running = keepRunning();

  function launch(): ChildProcess {
    const log = openSync(logFile, "a");
    try {
      const args = ["--import", doom, program];
      return spawn(process.execPath, args, { cwd, env, stdio: ["ignore", log, log, "ipc"] });
    } finally {
      closeSync(log);
    }
  }

  function sendPoint(): void {
    // The process may still be exiting at the previous point.
    if (points[0] !== undefined && child.connected) child.send(points[0], () => {});
  }

  async function keepRunning(): Promise<void> {
    for (;;) {
      const [status, signal] = await once(child, "exit");
      if (stopped) return;
      if (signal !== "SIGKILL") return await report(`${status ?? signal}`);
      if (points.length > 0) points = points.slice(1);
      if (points.length === 0) died.resolve();
      child = launch();
      sendPoint();
    }
  }

  async function report(how: string): Promise<void> {
    const log = await readFile(logFile, "utf8");
    crash.reject(new Error(`${name} ended with ${how}:\n${log.slice(-2_000)}`));
  }

  return {
    name,
    crashed: crash.promise,
    kill: () => void child.kill("SIGKILL"),
    async crashAt(next) {
      points = next;
      died = Promise.withResolvers();
      sendPoint();
      await died.promise;
    },
    async stop() {
      stopped = true;
      child.kill("SIGKILL");
      await running;
    },
  };
}
