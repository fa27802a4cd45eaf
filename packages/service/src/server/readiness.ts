import { setTimeout as sleep } from "node:timers/promises";

/** ReadinessCheck resolves when what it checks can be used, and rejects with the reason when not. */
export type ReadinessCheck = () => Promise<void> | void;

/** ReadinessReport names each check that fails, with the reason. */
interface ReadinessReport {
  readonly ready: boolean;
  readonly failing: Readonly<Record<string, string>>;
}

/** Readiness tells whether a process can do its work. */
export interface Readiness {
  /** report runs all checks at once; who asks while they are running gets the same answer. */
  report(): Promise<ReadinessReport>;
  /** stop makes every report from now on say that the process is stopping. */
  stop(): void;
}

/** createReadiness makes a Readiness; a check that takes longer than timeoutMs fails. */
export function createReadiness(
  checks: Readonly<Record<string, ReadinessCheck>>,
  timeoutMs: number,
): Readiness {
  let running: Promise<ReadinessReport> | undefined;
  let stopping = false;
  async function run(): Promise<ReadinessReport> {
    const failing: Record<string, string> = {};
    await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const reason = await failureOf(check, timeoutMs);
        if (reason !== undefined) failing[name] = reason;
      }),
    );
    return { ready: Object.keys(failing).length === 0, failing };
  }
  return {
    async report() {
      if (stopping) return { ready: false, failing: { process: "it is stopping" } };
      running ??= run().finally(() => {
        running = undefined;
      });
      return await running;
    },
    stop() {
      stopping = true;
    },
  };
}

async function failureOf(check: ReadinessCheck, timeoutMs: number): Promise<string | undefined> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, `no answer within ${timeoutMs} ms`, { signal: timer.signal });
  try {
    return await Promise.race([Promise.resolve(check()).then(() => undefined), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}
