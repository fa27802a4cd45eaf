/** Writes a line of a process's log to stderr, after the name of the process. */
export function printLog(name: string, line: string): void {
  process.stderr.write(`${name.padEnd(13)} | ${line}\n`);
}
