import { writeError } from "../write-error.ts";

/** Writes a line of a process's log to stderr, after the name of the process. */
export function printLog(name: string, line: string): void {
  writeError(`${name.padEnd(13)} | ${line}`);
}
