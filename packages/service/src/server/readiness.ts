import { formatReason } from "../process/format-reason.ts";
import { withTimeout } from "../process/with-timeout.ts";

/** Resolves when a dependency can be used, and rejects with the reason when it cannot. */
export type ReadinessCheck = () => Promise<void> | void;

/** The result of all checks, with the reason of each that fails. */
interface ReadinessReport {
  readonly ready: boolean;
  readonly failing: Readonly<Record<string, string>>;
}

/** The readiness of a process for its work. */
export interface Readiness {
  /** Runs all checks concurrently. Calls that overlap share one result. */
  report(): Promise<ReadinessReport>;
  /** Makes every later report fail with the reason that the process is stopping. */
  stop(): void;
}

/** Creates the readiness of a process. A check fails when it takes longer than `timeoutMs`. */
export function createReadiness(
  checks: Readonly<Record<string, ReadinessCheck>>,
  timeoutMs: number,
): Readiness {
  let running: Promise<ReadinessReport> | undefined;
  let stopping = false;
  async function runChecks(): Promise<ReadinessReport> {
    const failing: Record<string, string> = {};
    await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const reason = await runCheck(check, timeoutMs);
        if (reason !== undefined) failing[name] = reason;
      }),
    );
    return { ready: Object.keys(failing).length === 0, failing };
  }
  return {
    async report() {
      if (stopping) return { ready: false, failing: { process: "the process is stopping" } };
      running ??= runChecks().finally(() => {
        running = undefined;
      });
      return await running;
    },
    stop() {
      stopping = true;
    },
  };
}

/** Returns why the check failed, or undefined when it passed. */
async function runCheck(check: ReadinessCheck, timeoutMs: number): Promise<string | undefined> {
  try {
    const finished = await withTimeout(Promise.resolve(check()), timeoutMs);
    return finished ? undefined : `no answer within ${timeoutMs} ms`;
  } catch (error) {
    return formatReason(error);
  }
}
