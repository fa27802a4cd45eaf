import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decodePageToken, encodePageToken } from "./page-token.ts";

const position = z.object({ id: z.string() });

describe("decodePageToken()", () => {
  it("returns the encoded position, and undefined for the first page", () => {
    expect(decodePageToken(encodePageToken({ id: "ü/1" }), position)).toEqual({ id: "ü/1" });
    expect(decodePageToken("", position)).toBeUndefined();
  });

  it.each(["nonsense", encodePageToken({ id: 7 }), encodePageToken(null)])(
    "refuses %s",
    (token) => {
      expect(() => decodePageToken(token, position)).toThrow(
        expect.objectContaining({
          code: Code.InvalidArgument,
          rawMessage: expect.stringContaining("next_page_token of the page before"),
        }),
      );
    },
  );
});
