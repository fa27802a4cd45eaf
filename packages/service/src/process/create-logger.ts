import type { Logger } from "pino";
import { pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";

export type { Logger };

/** LoggerOptions name the process and the least level that is written. */
export interface LoggerOptions {
  readonly name: string;
  /** trace, debug, info, warn, error, fatal or silent; info by default. */
  readonly level?: string;
}

/**
 * createLogger makes the process's log on stdout: JSON lines, or coloured text at a terminal. A line is
 * written when the call returns, so that the last ones are there, in order, however the process ends.
 */
export function createLogger({ name, level = "info" }: LoggerOptions): Logger {
  const options = { name, level, timestamp: stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino(options, pretty({ sync: true, ignore: "pid,hostname" }));
}
