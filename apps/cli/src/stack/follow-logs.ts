import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** Follows log files until it is disposed. */
export interface FollowedLogs extends Disposable {}

/** Calls `onLine` with each line that is added to the .log files of a folder. */
export function followLogs(
  folder: string,
  onLine: (name: string, line: string) => void,
): FollowedLogs {
  const read = new Map<string, { offset: number; rest: string }>();
  const poll = (): void => {
    for (const file of listLogs(folder)) {
      const known = read.get(file) ?? { offset: 0, rest: "" };
      // A process that starts again may have cut its file.
      const { size } = statSync(join(folder, file));
      const state = size < known.offset ? { offset: 0, rest: "" } : known;
      const text = state.rest + readFrom(join(folder, file), state.offset);
      const lines = text.split("\n");
      const rest = lines.pop() ?? "";
      const offset = state.offset + Buffer.byteLength(text) - Buffer.byteLength(state.rest);
      read.set(file, { offset, rest });
      for (const line of lines) onLine(basename(file, ".log"), line);
    }
  };
  const timer = setInterval(poll, 100);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      poll();
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

/** Reads up to 1 MiB. The next poll reads the rest. */
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
