import type { Logger } from "pino";
import { pino } from "pino";

export interface RecordedLogger {
  readonly logger: Logger;
  readonly lines: Record<string, unknown>[];
}

/** createRecordedLogger keeps what is logged, for a test to look at. */
export function createRecordedLogger(): RecordedLogger {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: "debug" }, { write: (line) => lines.push(JSON.parse(line)) });
  return { logger, lines };
}
