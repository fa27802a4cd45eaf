/** printLog shows a line of a process's log on stderr, after the process's name. */
export function printLog(name: string, line: string): void {
  process.stderr.write(`${name.padEnd(13)} | ${line}\n`);
}
