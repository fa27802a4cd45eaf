import { readFile, stat } from "node:fs/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Creates a function that returns the token in a file. It reads the file again when it changes, and
 * returns the last token while the file is missing or empty. Throws a ConnectError `unavailable` as long
 * as there was none.
 */
export function createTokenReader(path: string): () => Promise<string> {
  let cached: { version: string; token: string } | undefined;
  return async () => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${mtimeMs}/${size}/${ino}`;
      if (cached?.version === version) return cached.token;
      const token = (await readFile(path, "utf8")).trim();
      if (token !== "") cached = { version, token };
    } catch (error) {
      if (cached === undefined) throw createTokenFileError(path, "cannot be read", error);
    }
    if (cached === undefined) throw createTokenFileError(path, "is empty");
    return cached.token;
  };
}

function createTokenFileError(path: string, reason: string, cause?: unknown): ConnectError {
  return new ConnectError(
    `the token file ${path} ${reason}: write a service token to it`,
    Code.Unavailable,
    undefined,
    undefined,
    cause,
  );
}
