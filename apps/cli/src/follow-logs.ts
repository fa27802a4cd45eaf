import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** FollowedLogs shows what is added to log files until it is disposed of. */
export interface FollowedLogs extends Disposable {}

/** followLogs hands on each line that is added to the .log files of a folder, with the file's name. */
export function followLogs(
  folder: string,
  onLine: (name: string, line: string) => void,
): FollowedLogs {
  const read = new Map<string, { offset: number; rest: string }>();
  const look = (): void => {
    for (const file of listLogs(folder)) {
      const state = read.get(file) ?? { offset: 0, rest: "" };
      const text = state.rest + readFrom(join(folder, file), state.offset);
      const lines = text.split("\n");
      const rest = lines.pop() ?? "";
      const offset = state.offset + Buffer.byteLength(text) - Buffer.byteLength(state.rest);
      read.set(file, { offset, rest });
      for (const line of lines) onLine(basename(file, ".log"), line);
    }
  };
  const timer = setInterval(look, 100);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      look();
    },
  };
}

function listLogs(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".log"));
  } catch {
    return [];
  }
}

/** Reads up to 1 MiB, and what is left at the next look. */
function readFrom(file: string, offset: number): string {
  const size = Math.min(statSync(file).size - offset, 1024 * 1024);
  if (size <= 0) return "";
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(size);
    return buffer.toString("utf8", 0, readSync(handle, buffer, 0, size, offset));
  } finally {
    closeSync(handle);
  }
}
