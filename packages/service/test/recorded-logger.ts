import type { Logger } from "pino";
import { pino } from "pino";

/** A logger and the lines that it logged. */
export interface RecordedLogger {
  readonly logger: Logger;
  readonly lines: Record<string, unknown>[];
}

/** Creates a logger whose lines a test can read. */
export function createRecordedLogger(): RecordedLogger {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: "debug" }, { write: (line) => lines.push(JSON.parse(line)) });
  return { logger, lines };
}
