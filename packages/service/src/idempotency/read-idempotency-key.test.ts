import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { readIdempotencyKey } from "./read-idempotency-key.ts";

const contextWith = (headers: Record<string, string>) => ({ requestHeader: new Headers(headers) });

describe("readIdempotencyKey()", () => {
  it("returns the header", () => {
    expect(readIdempotencyKey(contextWith({ "Idempotency-Key": "trip/1/open-tab" }))).toBe(
      "trip/1/open-tab",
    );
  });

  it.each([{}, { "idempotency-key": " " }, { "idempotency-key": "x".repeat(256) }])(
    "refuses %j, and explains what to send",
    (headers) => {
      expect(() => readIdempotencyKey(contextWith(headers))).toThrow(
        expect.objectContaining({
          code: Code.InvalidArgument,
          rawMessage: expect.stringContaining("idempotency-key with 1 to 255 characters"),
        }),
      );
    },
  );
});
