import { execFile, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { waitUntil } from "@fanfare/dev-stack";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** runFanfare runs a command to its end. */
export async function runFanfare(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

export interface Running {
  readonly pid: number;
  /** All that it has said, on stdout and on stderr. */
  output(): string;
  /** Resolves once it has said this; rejects when it ends without. */
  waitForOutput(text: string): Promise<void>;
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** startFanfare starts a command that goes on until it is ended. */
export function startFanfare(args: readonly string[], env: NodeJS.ProcessEnv): Running {
  return startCommand(process.execPath, [main, ...args], { env });
}

/** startCommand starts any command that goes on until it is ended. */
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
      const saidOrEnded = (): boolean => text.includes(wanted) || child.exitCode !== null;
      await waitUntil(saidOrEnded, { what: `"${wanted}"`, timeoutMs: 120_000 });
      if (!text.includes(wanted)) throw new Error(`it ended without saying "${wanted}":\n${text}`);
    },
    async end(signal) {
      // To its whole process group, as a terminal does.
      if (signal !== undefined && child.pid !== undefined) process.kill(-child.pid, signal);
      await closed;
      return child.exitCode;
    },
  };
}
