import { execFile, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { waitUntil } from "@fanfare/dev-stack";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The result of a command. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function runFanfare(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

/** A command that runs until it is ended. */
export interface Running {
  readonly pid: number;
  /** Returns its output so far, of stdout and stderr together. */
  output(): string;
  /** Resolves once the output contains the text. Rejects when the command exits first. */
  waitForOutput(text: string): Promise<void>;
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a command of the CLI that runs until it is ended. */
export function startFanfare(args: readonly string[], env: NodeJS.ProcessEnv): Running {
  return startCommand(process.execPath, [main, ...args], { env });
}

/** Starts any command that runs until it is ended. */
export function startCommand(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
): Running {
  const child = spawn(command, args, {
    ...options,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const closed = once(child, "close");
  return {
    pid: child.pid ?? 0,
    output: () => text,
    async waitForOutput(wanted) {
      const foundOrExited = (): boolean => text.includes(wanted) || child.exitCode !== null;
      await waitUntil(foundOrExited, { what: `"${wanted}"`, timeoutMs: 120_000 });
      if (!text.includes(wanted)) throw new Error(`expected "${wanted}" in the output:\n${text}`);
    },
    async end(signal) {
      // A terminal signals the whole process group too.
      if (signal !== undefined && child.pid !== undefined) process.kill(-child.pid, signal);
      await closed;
      return child.exitCode;
    },
  };
}
