import type { Logger } from "../process/create-logger.ts";
import { formatReason } from "../process/format-reason.ts";
import { withTimeout } from "../process/with-timeout.ts";

/** Resolves when a dependency can be used, and rejects with the reason when it cannot. */
export type ReadinessCheck = () => Promise<void> | void;

/** The result of the checks that the readiness depends on, with the reason of each that fails. */
interface ReadinessReport {
  readonly ready: boolean;
  readonly failing: Readonly<Record<string, string>>;
}

/** The state of a part: of a server that the process uses, or of its own. */
interface PartState {
  readonly state: "ok" | "degraded";
  /** When the part came into this state, in ISO 8601. */
  readonly since: string;
}

/** The readiness of a process for its work, and the state of its parts. */
export interface Readiness {
  /** Runs the checks concurrently. Calls that overlap share one result. */
  report(): Promise<ReadinessReport>;
  /** Returns what the last run of each check found. A part is degraded until its first run. */
  readParts(): Readonly<Record<string, PartState>>;
  /** Makes every later report fail with the reason that the process is stopping. */
  stop(): void;
}

/** The checks of a process. */
export interface ReadinessOptions {
  /** Without any of these, the process cannot do its own job. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** What only some of the work needs. A failure is a degraded part, and changes no readiness. */
  readonly dependencies?: Readonly<Record<string, ReadinessCheck>> | undefined;
  /** A check fails when it takes longer, in milliseconds. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

const intervalMs = 1000;

/** Creates the readiness of a process. Runs all checks now, with each report, and every second. */
export function createReadiness(options: ReadinessOptions): Readiness {
  const required = createParts(options.checks, options);
  const optional = createParts(options.dependencies ?? {}, options);
  let running: Promise<ReadinessReport> | undefined;
  let stopping = false;

  async function runChecks(): Promise<ReadinessReport> {
    for (const part of optional) void part.run();
    const failing: Record<string, string> = {};
    await Promise.all(
      required.map(async (part) => {
        const reason = await part.run();
        if (reason !== undefined) failing[part.name] = reason;
      }),
    );
    return { ready: Object.keys(failing).length === 0, failing };
  }
  async function report(): Promise<ReadinessReport> {
    if (stopping) return { ready: false, failing: { process: "the process is stopping" } };
    running ??= runChecks().finally(() => {
      running = undefined;
    });
    return await running;
  }
  void report();
  const timer = setInterval(() => void report(), intervalMs).unref();

  return {
    report,
    readParts: () =>
      Object.fromEntries([...required, ...optional].map((part) => [part.name, part.read()])),
    stop() {
      stopping = true;
      clearInterval(timer);
    },
  };
}

interface Part {
  readonly name: string;
  /** Runs the check. Returns why it failed, or undefined when it passed. */
  run(): Promise<string | undefined>;
  read(): PartState;
}

function createParts(
  checks: Readonly<Record<string, ReadinessCheck>>,
  { timeoutMs, logger }: ReadinessOptions,
): Part[] {
  return Object.entries(checks).map(([name, check]) => {
    let current: PartState = { state: "degraded", since: new Date().toISOString() };
    let hasRun = false;
    let pending: Promise<void> | undefined;

    function record(reason: string | undefined): void {
      const state = reason === undefined ? "ok" : "degraded";
      if (state === current.state && hasRun) return;
      hasRun = true;
      if (state !== current.state) current = { state, since: new Date().toISOString() };
      if (reason !== undefined) logger.warn({ part: name, reason }, "a part is degraded");
      else logger.info({ part: name }, "a part is ok");
    }

    async function run(): Promise<string | undefined> {
      // A check that did not answer in time is waited for again, and not run beside itself.
      pending ??= start(check).finally(() => {
        pending = undefined;
      });
      let reason: string | undefined;
      try {
        const finished = await withTimeout(pending, timeoutMs);
        if (!finished) reason = `no answer within ${timeoutMs} ms`;
      } catch (error) {
        reason = formatReason(error);
      }
      record(reason);
      return reason;
    }
    return { name, run, read: () => current };
  });
}

async function start(check: ReadinessCheck): Promise<void> {
  await check();
}
