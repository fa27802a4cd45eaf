import type { LogFn, Logger, LoggerOptions as PinoOptions } from "pino";
import { pino, stdSerializers, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";
import { formatReason } from "./format-reason.ts";
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
 * of addresses are redacted, wherever they appear in a line. Takes any value as `err`, and never throws.
 *
 * @example
 * const logger = createLogger({ name: "fleet", level: "debug" });
 * logger.info({ vehicleId }, "vehicle reserved");
 */
export function createLogger({ name, level = "info" }: LoggerOptions): Logger {
  const options: PinoOptions = {
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: serializeReason },
    hooks: { logMethod: logAnything },
  };
  const output = process.stdout.isTTY
    ? pretty({ sync: true, ignore: "pid,hostname" })
    : pino.destination({ dest: 1, sync: true });
  return pino(options, { write: (line: string) => void output.write(redactUrls(line)) });
}

/** Takes any value that may be thrown: pino's own serializer throws where a getter or a proxy does. */
function serializeReason(reason: Error): unknown {
  try {
    return stdSerializers.err(reason);
  } catch {
    return { message: formatReason(reason) };
  }
}

/** Logs a line whose values cannot be read without them. */
function logAnything(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  try {
    method.apply(this, args);
  } catch (error) {
    const message = args.findLast((arg) => typeof arg === "string") ?? "";
    method.call(this, { unreadable: formatReason(error) }, message);
  }
}
