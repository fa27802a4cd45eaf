import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

/**
 * passOn runs a command in this one's place: its input, output, signals and exit status are this
 * process's own.
 */
export async function passOn(command, args, options) {
  const child = spawn(command, args, { stdio: "inherit", ...options });
  const release = passSignals(child);
  try {
    const [status, signal] = await once(child, "exit");
    return status ?? 128 + constants.signals[signal];
  } finally {
    release();
  }
}

/** Who started this process, and whom it works for. */
const parent = process.ppid;
const lookEveryMs = 500;

/**
 * passSignals gives a child the signals that ask this process to end, until the result is called. npm
 * that was killed passes none on: that it is gone counts as SIGTERM.
 */
export function passSignals(child) {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const pass = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  // Whoever starts this without npm may want it to outlive their shell.
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  const looking = setInterval(() => {
    if (!underNpm || process.ppid === parent) return;
    clearInterval(looking);
    pass("SIGTERM");
  }, lookEveryMs);
  return () => {
    clearInterval(looking);
    for (const signal of signals) process.off(signal, pass);
  };
}
