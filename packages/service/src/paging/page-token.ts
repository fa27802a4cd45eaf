import { Code, ConnectError } from "@connectrpc/connect";
import type { z } from "zod";

/** encodePageToken makes the text that stands for a position in a list; any JSON value will do. */
export function encodePageToken(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/**
 * decodePageToken returns the position that a token stands for, undefined for the first page (an
 * empty token), or throws a ConnectError invalid_argument.
 */
export function decodePageToken<T>(token: string, position: z.ZodType<T>): T | undefined {
  if (token === "") return undefined;
  const result = position.safeParse(parse(token));
  if (result.success) return result.data;
  throw new ConnectError(
    "page_token is not one that this method gave: send next_page_token of the page before, or nothing for the first page",
    Code.InvalidArgument,
  );
}

function parse(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
