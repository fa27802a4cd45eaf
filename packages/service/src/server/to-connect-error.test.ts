import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { createOddReasons } from "../../test/odd-reasons.ts";
import { toConnectError } from "./to-connect-error.ts";

const withCode = (code: string) => Object.assign(new Error("the driver's message"), { code });

describe("toConnectError()", () => {
  it("leaves a ConnectError as it is", () => {
    const error = new ConnectError("no such trip", Code.NotFound);
    expect(toConnectError(error)).toBe(error);
  });

  it.each([
    { what: "an unavailable database", error: withCode("ECONNREFUSED"), code: Code.Unavailable },
    { what: "a text with U+0000", error: withCode("22021"), code: Code.InvalidArgument },
    { what: "a mistake", error: withCode("23505"), code: Code.Internal },
  ])("hides the message of $what, and keeps the error as the cause", ({ error, code }) => {
    const answer = toConnectError(error);
    expect(answer.code).toBe(code);
    expect(answer.message).not.toContain("the driver's message");
    expect(answer.cause).toBe(error);
  });

  it("converts every value that may be thrown to internal", () => {
    for (const reason of [...Object.values(createOddReasons()), undefined, null, "odd"]) {
      expect(toConnectError(reason)).toMatchObject({ code: Code.Internal });
    }
  });
});
