import type { Logger } from "pino";
import { pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";
import { redactUrls } from "./redact-urls.ts";

/** A pino logger. */
export type { Logger };

/** The name of the process and the lowest level that it logs. */
export interface LoggerOptions {
  readonly name: string;
  /** trace, debug, info, warn, error, fatal or silent. Default: info. */
  readonly level?: string;
}

/**
 * Creates the logger of a process. It writes JSON lines to stdout, or coloured text to a terminal.
 * Writes are synchronous: the last lines are complete and in order however the process ends. Credentials
 * of addresses are redacted, wherever they appear in a line.
 *
 * @example
 * const logger = createLogger({ name: "fleet", level: "debug" });
 * logger.info({ vehicleId }, "vehicle reserved");
 */
export function createLogger({ name, level = "info" }: LoggerOptions): Logger {
  const options = { name, level, timestamp: stdTimeFunctions.isoTime };
  const output = process.stdout.isTTY
    ? pretty({ sync: true, ignore: "pid,hostname" })
    : pino.destination({ dest: 1, sync: true });
  return pino(options, { write: (line: string) => void output.write(redactUrls(line)) });
}
