import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

/**
 * Runs a command with this process's input and output, forwards signals to it, and resolves to its exit
 * status: 128 plus the number of the signal when a signal ended it.
 */
export async function runInForeground(command, args, options) {
  const child = spawn(command, args, { stdio: "inherit", ...options });
  const release = forwardSignals(child);
  try {
    const [status, signal] = await once(child, "exit");
    return status ?? 128 + constants.signals[signal];
  } finally {
    release();
  }
}

const parent = process.ppid;
const pollIntervalMs = 500;

/**
 * Forwards SIGINT, SIGTERM and SIGHUP to a child until the returned function is called. An npm that is
 * killed forwards no signals, so the end of npm counts as SIGTERM.
 */
export function forwardSignals(child) {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  // Without npm, the process may outlive the shell that started it.
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  const polling = setInterval(() => {
    if (!underNpm || process.ppid === parent) return;
    clearInterval(polling);
    forward("SIGTERM");
  }, pollIntervalMs);
  return () => {
    clearInterval(polling);
    for (const signal of signals) process.off(signal, forward);
  };
}
