import { constants } from "node:os";
import { formatError } from "./cli-error.ts";
import { writeError } from "./write-error.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Below the documented 10 s within which a command stops. */
const stopTimeoutMs = 8_000;

/**
 * Runs a command and exits: with status 0 when it resolves, with 1 and one line on stderr when it
 * rejects, with 128 plus the signal's number when it rejects after a signal. A command has 8 s to stop
 * after a signal; then the process exits anyway, and the processes that it started with it.
 */
export async function runUntilDone(work: (signal: AbortSignal) => Promise<void>): Promise<never> {
  const stop = new AbortController();
  let stoppedBy: (typeof signals)[number] | undefined;
  for (const name of signals) {
    process.on(name, () => {
      if (stoppedBy !== undefined) return;
      stoppedBy = name;
      writeError(`\n${name}: stopping …`);
      setTimeout(() => process.exit(128 + constants.signals[name]), stopTimeoutMs).unref();
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  try {
    await work(stop.signal);
  } catch (error) {
    if (stoppedBy !== undefined) process.exit(128 + constants.signals[stoppedBy]);
    writeError(formatError(error));
    await flushOutput();
    process.exit(1);
  }
  await flushOutput();
  process.exit(0);
}

/** Waits until the reader of a pipe has taken what was printed, or is gone. */
async function flushOutput(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.stdout.write("", () => resolve());
  await promise;
}
