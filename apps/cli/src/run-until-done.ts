import { constants } from "node:os";
import { formatError } from "./cli-error.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How long a command may take to stop what it started, below the 10 s that a person is promised. */
const stopTimeoutMs = 8_000;

/**
 * runUntilDone runs a command and ends the process: status 0 when it is done, 1 with one clear line
 * when it failed, 128 and the signal's number when it rejected because of a signal. The command has
 * 8 s to stop after a signal; then the process ends all the same, and what it started with it.
 */
export async function runUntilDone(work: (signal: AbortSignal) => Promise<void>): Promise<never> {
  const stop = new AbortController();
  let stoppedBy: (typeof signals)[number] | undefined;
  for (const name of signals) {
    process.on(name, () => {
      if (stoppedBy !== undefined) return;
      stoppedBy = name;
      process.stderr.write(`\n${name}: stopping …\n`);
      setTimeout(() => process.exit(128 + constants.signals[name]), stopTimeoutMs).unref();
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  try {
    await work(stop.signal);
  } catch (error) {
    if (stoppedBy !== undefined) process.exit(128 + constants.signals[stoppedBy]);
    process.stderr.write(`${formatError(error)}\n`);
    process.exit(1);
  }
  process.exit(0);
}
