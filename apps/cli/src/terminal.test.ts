import { describe, expect, it } from "vitest";
import { alignRows } from "./terminal.ts";

describe("alignRows()", () => {
  it("aligns columns and ignores colours", () => {
    expect(
      alignRows([
        ["a", "long", "x"],
        ["\u001B[32mabc\u001B[39m", "b"],
      ]),
    ).toEqual(["a    long  x", "\u001B[32mabc\u001B[39m  b"]);
  });
});
