import type { Logger } from "./create-logger.ts";
import { formatReason } from "./format-reason.ts";
import type { Resources } from "./resources.ts";
import { createResourceStack } from "./resources.ts";

/** How a process logs and stops. */
export interface RunOptions {
  readonly logger: Logger;
  /** The time to close all resources, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Runs a process until SIGTERM or SIGINT. `open` opens its resources; they are closed in reverse
 * order when it stops. The exit status is 0 after a clean stop, and 1 when opening, closing or
 * watched work fails or a rejection is not handled. A second signal exits at once.
 *
 * @example
 * runUntilSignal(
 *   async (resources) => {
 *     const database = resources.use(openDatabase({ url, name: "fleet", migrations, logger }));
 *     resources.use(await serve({ host, port, routes: createRoutes(database.db), access, logger }));
 *   },
 *   { logger },
 * );
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
    for (const failure of failures) logger.error({ err: failure }, "stopping failed");
    const worst = failures.length > 0 ? 1 : status;
    logger.info({ status: worst }, "stopped");
    process.exit(worst);
  }

  function fail(error: Error): void {
    logger.fatal({ err: error }, formatReason(error));
    if (!stopping) void stop(1);
  }

  function onSignal(signal: NodeJS.Signals): void {
    if (stopping) process.exit(signal === "SIGINT" ? 130 : 143);
    logger.info({ signal }, "stopping");
    void stop(0);
  }

  // Keeps the process alive until a signal arrives, whatever else does.
  setInterval(() => {}, 2 ** 30);
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "uncaught exception");
    process.exit(1);
  });
  process.on("unhandledRejection", (error) => {
    logger.fatal({ err: error }, "unhandled rejection");
    process.exit(1);
  });

  open(stack.resources).catch((error: unknown) => {
    if (stopping) return;
    logger.fatal(`cannot start: ${formatReason(error)}`);
    logger.debug({ err: error }, "cannot start: details");
    void stop(1);
  });
}
