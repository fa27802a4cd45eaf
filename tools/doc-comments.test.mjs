import { describe, expect, it } from "vitest";
import { parseExamples, parseExports, parseReexports } from "./doc-comments.mjs";

const source = `
import { a } from "./a.ts";

/**
 * Adds one.
 *
 * @example
 * addOne(1); // 2
 *
 * @example
 * addOne(2);
 */
export function addOne(value: number): number;
export function addOne(value: number) {
  return value + 1;
}

/** A number. */
export type Count = number;

export const bare = 1;
function hidden() {}
`;

describe("parseExports()", () => {
  it("returns each exported symbol once, with its kind, line and doc comment", () => {
    expect(
      parseExports(source).map(({ doc, ...rest }) => ({ ...rest, doc: doc?.split("\n")[0] })),
    ).toEqual([
      { name: "addOne", kind: "function", line: 13, doc: "Adds one." },
      { name: "Count", kind: "type", line: 19, doc: "A number." },
      { name: "bare", kind: "const", line: 21, doc: undefined },
    ]);
  });
});

describe("parseExamples()", () => {
  it("returns the code of each example", () => {
    expect(parseExamples(source, "addOne")).toEqual(["addOne(1); // 2", "addOne(2);"]);
    expect(parseExamples(source, "Count")).toEqual([]);
  });
});

describe("parseReexports()", () => {
  it("returns the names and the path they come from", () => {
    const index = `export { type A, b as c } from "./a.ts";\nexport type {\n  D,\n} from "../d.ts";\n`;
    expect(parseReexports(index)).toEqual([
      { from: "./a.ts", names: ["A", "b"] },
      { from: "../d.ts", names: ["D"] },
    ]);
  });
});
