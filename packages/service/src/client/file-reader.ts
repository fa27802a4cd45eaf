import { readFile, stat } from "node:fs/promises";

/**
 * Creates a function that returns the parsed content of a file. It reads the file again when it changes. While
 * that fails, it returns the last value. Rejects with the reason as long as there was none.
 */
export function createFileReader<T>(
  path: string,
  parse: (text: string) => T | Promise<T>,
): () => Promise<T> {
  let last: { readonly version: string; readonly value: T } | undefined;
  async function read(): Promise<{ readonly version: string; readonly value: T }> {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs}/${size}/${ino}`;
    if (last?.version === version) return last;
    return { version, value: await parse(await readFile(path, "utf8")) };
  }
  return async () => {
    try {
      last = await read();
    } catch (error) {
      if (last === undefined) throw error;
    }
    return last.value;
  };
}
