import type { Logger } from "./create-logger.ts";
import type { Resources } from "./resources.ts";
import { createResourceStack } from "./resources.ts";

/** RunOptions say how a process ends. */
export interface RunOptions {
  readonly logger: Logger;
  /** How long closing everything may take, in ms; 10 s by default. */
  readonly timeoutMs?: number;
}

/**
 * runUntilSignal opens what a process needs and keeps it until SIGTERM or SIGINT, then closes it in
 * reverse order by a deadline and exits: status 0 after a clean stop, 1 when opening, watched work,
 * closing or an unhandled rejection failed. A second signal exits at once.
 */
export function runUntilSignal(
  open: (resources: Resources) => Promise<void>,
  { logger, timeoutMs = 10_000 }: RunOptions,
): void {
  const stack = createResourceStack(fail);
  let stopping = false;

  async function stop(status: number): Promise<void> {
    stopping = true;
    const failures = await stack.closeAll({ timeoutMs });
    for (const failure of failures) logger.error({ err: failure }, "stopping went wrong");
    const worst = failures.length > 0 ? 1 : status;
    logger.info({ status: worst }, "stopped");
    process.exit(worst);
  }

  function fail(error: Error): void {
    logger.fatal({ err: error }, messageOf(error));
    if (!stopping) void stop(1);
  }

  function onSignal(signal: NodeJS.Signals): void {
    if (stopping) process.exit(signal === "SIGINT" ? 130 : 143);
    logger.info({ signal }, "stopping");
    void stop(0);
  }

  // Until a signal comes the process stays, whatever else keeps it.
  setInterval(() => {}, 2 ** 30);
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "nobody caught this error");
    process.exit(1);
  });
  process.on("unhandledRejection", (error) => {
    logger.fatal({ err: error }, "nobody handled this rejection");
    process.exit(1);
  });

  open(stack.resources).catch((error: unknown) => {
    if (stopping) return;
    const failed = error instanceof Error ? error : new Error(String(error));
    logger.fatal(`cannot start: ${messageOf(failed)}`);
    logger.debug({ err: failed }, "why it cannot start");
    void stop(1);
  });
}

function messageOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
