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

/** passSignals gives a child the signals that ask this process to end, until the result is called. */
export function passSignals(child) {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const pass = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}
