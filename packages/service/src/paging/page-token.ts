import { Code, ConnectError } from "@connectrpc/connect";
import type { z } from "zod";

/** Encodes a position in a list, which is any JSON value, as an opaque token. */
export function encodePageToken(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/**
 * Decodes a token to its position. Returns undefined for an empty token, which means the first page.
 * Throws a ConnectError `invalid_argument` for a token that this list did not issue.
 */
export function decodePageToken<T>(token: string, position: z.ZodType<T>): T | undefined {
  if (token === "") return undefined;
  const result = position.safeParse(parseToken(token));
  if (result.success) return result.data;
  throw new ConnectError(
    "page_token is invalid: send next_page_token of the page before, or nothing for the first page",
    Code.InvalidArgument,
  );
}

function parseToken(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
