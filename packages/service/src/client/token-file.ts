import { readFile, stat } from "node:fs/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/**
 * createTokenFile returns a function that returns the token in the file, reading it again when the
 * file has changed. That throws a ConnectError unavailable while there is no token.
 */
export function createTokenFile(path: string): () => Promise<string> {
  let known: { version: string; token: string } | undefined;
  return async () => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${mtimeMs}/${size}/${ino}`;
      if (known?.version !== version) {
        known = { version, token: (await readFile(path, "utf8")).trim() };
      }
    } catch (error) {
      throw noToken(path, "cannot be read", error);
    }
    if (known.token === "") throw noToken(path, "is empty");
    return known.token;
  };
}

function noToken(path: string, reason: string, cause?: unknown): ConnectError {
  return new ConnectError(
    `the token file ${path} ${reason}: write a service token into it`,
    Code.Unavailable,
    undefined,
    undefined,
    cause,
  );
}
