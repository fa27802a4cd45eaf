import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** SupervisedProcess is started again each time that it has ended. */
export interface SupervisedProcess {
  readonly name: string;
  /** Rejects when it ends in another way than by being killed, with the end of its log. */
  readonly crashed: Promise<never>;
  /** Kills it as kill -9 does. */
  kill(): void;
  /** Lets it die at each of the points, in order, and resolves when the last has killed it. */
  crashAt(points: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface SupervisedProcessOptions {
  readonly name: string;
  readonly program: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
}

const doom = new URL("doom.ts", import.meta.url).href;
export const findAppFolder = (name: string) =>
  fileURLToPath(new URL(`../../../${name}/`, import.meta.url));

/** keepProcess starts a program of ours that can be told where to die, and keeps it running. */
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

  function tell(): void {
    // It may be dying of the point before this one.
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
      tell();
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
      tell();
      await died.promise;
    },
    async stop() {
      stopped = true;
      child.kill("SIGKILL");
      await running;
    },
  };
}
