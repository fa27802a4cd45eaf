import type { Logger } from "@fanfare/service";
import type { LogLevel, Logger as TemporalLogger } from "@temporalio/worker";

const levels = {
  TRACE: "trace",
  DEBUG: "debug",
  INFO: "info",
  WARN: "warn",
  ERROR: "error",
} as const satisfies Record<LogLevel, string>;

/** Creates a logger for Temporal's runtime that writes to the log of the process. */
export function createTemporalLogger(logger: Logger): TemporalLogger {
  const log = (
    level: LogLevel,
    message: string,
    { error, ...meta }: Record<string, unknown> = {},
  ) => logger[levels[level]]({ ...meta, ...(error === undefined ? {} : { err: error }) }, message);
  return {
    log,
    trace: (message, meta) => log("TRACE", message, meta),
    debug: (message, meta) => log("DEBUG", message, meta),
    info: (message, meta) => log("INFO", message, meta),
    warn: (message, meta) => log("WARN", message, meta),
    error: (message, meta) => log("ERROR", message, meta),
  };
}
