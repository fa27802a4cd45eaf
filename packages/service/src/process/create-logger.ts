import type { LogFn, Logger, LoggerOptions as PinoOptions } from "pino";
import { pino, stdSerializers, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";
import { escapeText } from "../text/escape-text.ts";
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
 * of addresses are redacted, and characters that change how the text around them is shown are escaped,
 * wherever they appear in a line. Takes any value as `err`, and never throws.
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
    ? createPrettyOutput(pretty({ sync: true, ignore: "pid,hostname" }))
    : pino.destination({ dest: 1, sync: true });
  return pino(options, {
    write: (line: string) => void output.write(escapeLine(redactUrls(line))),
  });
}

/** Escapes a line of JSON, which keeps its value. */
function escapeLine(line: string): string {
  return `${escapeText(line.trimEnd())}\n`;
}

/**
 * Escapes the texts of a line once more before it is formatted for a person, where the values of a line are
 * shown as they are. A stack keeps its lines.
 */
export function createPrettyOutput(output: Pick<NodeJS.WritableStream, "write">) {
  return {
    write: (line: string) => output.write(`${JSON.stringify(JSON.parse(line, escapeValue))}\n`),
  };
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

function escapeValue(key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return key === "stack" ? value.split("\n").map(escapeText).join("\n") : escapeText(value);
}
