import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { createOddReasons } from "../../test/odd-reasons.ts";
import { findCause } from "./find-cause.ts";

const isConnectError = (cause: unknown) => cause instanceof ConnectError;
const refusal = new ConnectError("no", Code.NotFound);
const wrap = (depth: number) =>
  Array.from({ length: depth }).reduce<Error>((cause) => new Error("wrapped", { cause }), refusal);

describe("findCause()", () => {
  it.each([0, 1, 2, 20])("finds an error behind %i wrappers", (depth) => {
    expect(findCause(wrap(depth), isConnectError)).toBe(refusal);
  });

  it("finds the outermost one", () => {
    const outer = new ConnectError("away", Code.Unavailable, undefined, undefined, wrap(2));
    expect(findCause(new Error("wrapped", { cause: outer }), isConnectError)).toBe(outer);
  });

  it("ends in a loop, and with a value that is no error", () => {
    const loop = new Error("loop");
    loop.cause = new Error("back", { cause: loop });
    for (const error of [
      ...Object.values(createOddReasons()),
      loop,
      "odd",
      null,
      undefined,
      new Error("x", { cause: "odd" }),
    ]) {
      expect(findCause(error, isConnectError)).toBeUndefined();
    }
  });
});
