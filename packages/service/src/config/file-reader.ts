import { readFile, stat } from "node:fs/promises";

/** The parsed content of a file, which is read again when the file changes. */
export interface FileReader<T> {
  /** Returns the content; the last one while the file cannot be read. Rejects as long as there was none. */
  read(): Promise<T>;
  /** Returns the content. Rejects while the file cannot be read, also when there was a last one. */
  readFresh(): Promise<T>;
}

/** Creates a reader of a file. A file of more than `maxBytes` (default: no limit) is not read. */
export function createFileReader<T>(
  path: string,
  parse: (text: string) => T | Promise<T>,
  maxBytes = Number.POSITIVE_INFINITY,
): FileReader<T> {
  let last: { readonly version: string; readonly value: T } | undefined;
  async function readFresh(): Promise<T> {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs}/${size}/${ino}`;
    if (last?.version === version) return last.value;
    if (size > maxBytes) {
      throw new Error(`expected at most ${maxBytes} bytes in ${path}, got ${size}`);
    }
    last = { version, value: await parse(await readFile(path, "utf8")) };
    return last.value;
  }
  return {
    readFresh,
    async read() {
      try {
        return await readFresh();
      } catch (error) {
        // While the file is being replaced, the last content stays in use.
        if (last === undefined) throw error;
        return last.value;
      }
    },
  };
}
