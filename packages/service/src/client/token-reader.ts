import { Code, ConnectError } from "@connectrpc/connect";
import { createFileReader } from "../config/file-reader.ts";

/**
 * Creates a function that returns the token in a file. It reads the file again when it changes, and
 * returns the last token while the file is missing or empty. Throws a ConnectError `unavailable` as long
 * as there was none.
 */
export function createTokenReader(path: string): () => Promise<string> {
  const file = createFileReader(path, (text) => {
    const token = text.trim();
    if (token === "") throw createTokenFileError(path, "is empty");
    return token;
  });
  return async () => {
    try {
      return await file.read();
    } catch (error) {
      if (error instanceof ConnectError) throw error;
      throw createTokenFileError(path, "cannot be read", error);
    }
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
